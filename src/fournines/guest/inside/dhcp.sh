#!/bin/sh
# udhcpc runs it with what happened; the lease is in the environment. /run/lease is what status.sh tells of it.
what=$1
read -r now _ </proc/uptime

words() { printf %s "$1" | tr -c 'A-Za-z0-9./: -' '?'; }

case $what in
deconfig)
    rm -f /run/lease /run/address
    ip addr flush dev "$interface"
    ip link set "$interface" up
    ;;
bound | renew)
    # A renewed address is not touched: connections must not notice.
    read -r address 2>/dev/null </run/address
    if [ "$address" != "$ip/$mask" ]; then
        ip addr flush dev "$interface"
        ip addr add "$ip/$mask" dev "$interface"
        echo "$ip/$mask" >/run/address
    fi
    [ -z "$mtu" ] || ip link set "$interface" mtu "$mtu"
    # RFC 3442: who gets classless routes ignores the router.
    routes=${staticroutes:-${router:+0.0.0.0/0 ${router%% *}}}
    set -- $routes
    while [ $# -ge 2 ]; do
        case $2 in
        0.0.0.0) ip route replace "$1" dev "$interface" ;;
        *) ip route replace "$1" via "$2" dev "$interface" ;;
        esac
        shift 2
    done
    if [ ! -e /run/named ] && [ -n "$hostname" ]; then
        hostname "$(printf %s "$hostname" | tr -cd 'A-Za-z0-9.-')"
    fi
    read -r renewals 2>/dev/null </run/renewals
    renewals=${renewals:-0}
    if [ "$what" = renew ]; then renewals=$((renewals + 1)); fi
    echo "$renewals" >/run/renewals
    read -r mtu <"/sys/class/net/$interface/mtu"
    printf '{"address": "%s", "mtu": %d, "routes": "%s", "server": "%s", "seconds": %d, "renewals": %d, "at": %s}\n' \
        "$ip/$mask" "$mtu" "$(words "$routes")" "$(words "$serverid")" "$lease" "$renewals" "$now" >/run/lease.new
    mv /run/lease.new /run/lease
    echo "nines guest: lease $ip/$mask mtu $mtu routes $(words "$routes") for $lease s, renewed $renewals times"
    if [ ! -e /run/ready ]; then
        echo "$now" >/run/ready
        echo "nines guest: ready $now s"
    fi
    ;;
esac
