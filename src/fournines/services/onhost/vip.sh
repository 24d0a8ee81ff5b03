#!/bin/bash
# OCF agent ocf:fournines:vip: ocf:heartbeat:IPaddr2, and moves that cut no connection.
#
# Every controller has the VIP on its loopback, and an HAProxy that serves it. The VIP's holder has it on its network
# too and so answers ARP for it. When it leaves a host (`stop`), connections stay where they are:
#
#   - until its neighbours have heard of the next holder, the old one takes new connections too, and serves them;
#   - it says in a node attribute that it has left, and the next holder passes on to it, for KEEP seconds, what
#     belongs to no connection of its own. Answers go straight to the client.
#
# After a crash there is no such attribute, and clients of lost connections are told by a reset, as ever.
#
# A holder knows its own connections by a mark: a socket inherits that of its SYN (tcp_fwmark_accept). What is no
# connection's is found to belong to the listener, which has none.

IPADDR2=/usr/lib/ocf/resource.d/heartbeat/IPaddr2
DEPLOYED=/var/lib/fournines/haproxy-served
HEALTH=/dev/tcp/127.0.0.1/8404
ATTRIBUTE=vip-left
PATIENCE=${OCF_RESKEY_patience:-2}
KEEP=900
MARK=0x9999

OCF_SUCCESS=0 OCF_ERR_GENERIC=1 OCF_ERR_UNIMPLEMENTED=3 OCF_NOT_RUNNING=7

meta_data() {
    cat <<'XML'
<?xml version="1.0"?>
<resource-agent name="vip" version="1.0">
<version>1.1</version>
<longdesc lang="en">An address that moves between hosts without cutting a connection, next to an HAProxy.</longdesc>
<shortdesc lang="en">Virtual address, moved gracefully</shortdesc>
<parameters>
<parameter name="ip" required="1" unique="1">
<longdesc lang="en">The IPv4 address.</longdesc><shortdesc lang="en">Address</shortdesc><content type="string"/>
</parameter>
<parameter name="cidr_netmask" required="1">
<longdesc lang="en">Length of its network's prefix.</longdesc><shortdesc lang="en">Prefix</shortdesc><content type="string"/>
</parameter>
<parameter name="arp_count">
<longdesc lang="en">Gratuitous ARP packets to send.</longdesc><shortdesc lang="en">ARP packets</shortdesc>
<content type="integer" default="5"/>
</parameter>
<parameter name="arp_bg">
<longdesc lang="en">Send them in the background.</longdesc><shortdesc lang="en">ARP in background</shortdesc>
<content type="string" default="true"/>
</parameter>
<parameter name="patience">
<longdesc lang="en">Seconds that the HAProxy of this host is given to answer when it is monitored.</longdesc>
<shortdesc lang="en">Patience</shortdesc><content type="integer" default="2"/>
</parameter>
</parameters>
<actions>
<action name="start" timeout="30s"/>
<action name="stop" timeout="20s"/>
<action name="monitor" timeout="10s" interval="1s"/>
<action name="validate-all" timeout="10s"/>
<action name="meta-data" timeout="5s"/>
</actions>
</resource-agent>
XML
}

# Whether the HAProxy of this host answers within $1 seconds; also where none ever did: a cloud is being built.
serves() {
    local end=$((SECONDS + $1))
    [ -e $DEPLOYED ] || return 0
    until timeout "$PATIENCE" bash -c "exec 3<>$HEALTH && printf 'GET / HTTP/1.0\r\n\r\n' >&3 && read -r _ <&3" 2>/dev/null; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.1
    done
}

# Addresses of the other hosts that the VIP left within KEEP seconds.
left() {
    local now host value
    now=$(date +%s)
    timeout 2 attrd_updater --name $ATTRIBUTE --query --all 2>/dev/null |
        sed -n 's/.*host="\([^"]*\)" value="\([0-9]*\)".*/\1 \2/p' |
        while read -r host value; do
            [ "$host" != "$(uname -n)" ] && [ $((now - value)) -lt $KEEP ] && getent ahostsv4 "$host" | cut -d' ' -f1 | head -n 1
        done
}

# The packets to the VIP: new connections are marked; on strangers, the rules given.
rules() {
    local ip=$OCF_RESKEY_ip
    nft -f - <<NFT
table ip fournines_vip
delete table ip fournines_vip
table ip fournines_vip {
    set now { type ipv4_addr; flags timeout; elements = { $ip timeout ${KEEP}s } }
    chain prerouting {
        type filter hook prerouting priority mangle;
        # This host's own: both ends have the VIP as their address.
        iif lo accept
        ip daddr $ip tcp flags & (syn|ack) == syn meta mark set $MARK
        ip daddr @now tcp flags & syn == 0 socket mark 0 jump strangers
    }
    chain strangers {
        $1
    }
}
NFT
}

start() {
    local host to=
    serves 10 || { echo "the HAProxy of this host does not answer" >&2; return $OCF_ERR_GENERIC; }
    for host in $(left); do
        to+="counter dup to $host; "
    done
    rules "${to:+$to drop}" || return $OCF_ERR_GENERIC
    $IPADDR2 start
}

stop() {
    if $IPADDR2 monitor >/dev/null 2>&1; then
        # Private: it is no business of the scheduler's.
        timeout 5 attrd_updater --private --name $ATTRIBUTE --update "$(date +%s)"
        # What the next holder passes on and is not ours may be another host's.
        rules drop
    fi
    $IPADDR2 stop
}

# Each second, so without IPaddr2's own look: 0.07 s of a core each in a lab, a tenth of that without it.
monitor() {
    ip -oneline -4 address show to "$OCF_RESKEY_ip" | grep --quiet --invert-match ' lo ' || return $OCF_NOT_RUNNING
    serves "$PATIENCE" || return $OCF_ERR_GENERIC
}

case $1 in
start | stop | monitor) $1 ;;
meta-data) meta_data ;;
validate-all) $IPADDR2 validate-all ;;
*) exit $OCF_ERR_UNIMPLEMENTED ;;
esac
exit $?
