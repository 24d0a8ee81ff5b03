#!/bin/sh
# GET /cgi-bin/renew: asks all DHCP servers for the guest's own address, as a client does that starts anew, and says which
# one acknowledged it and how long that took. A second udhcpc does it, which runs this file too: nothing is changed, so
# the guest's own client, its address, and who else asks just now notice nothing.
case $1 in
bound | nak)
    echo "$1 $serverid $ip"
    # After a refusal it would wait, and ask again.
    [ "$1" = bound ] || kill -KILL "$PPID"
    exit
    ;;
?*) exit ;;
esac
. /lib/guest/since.sh
start=$EPOCHREALTIME
read -r asked 2>/dev/null </run/address
asked=${asked%/*}
# A datagram may be lost: each is sent three times at most, a second apart.
set -- $(udhcpc -f -q -n -t 3 -T 1 -i eth0 -r "$asked" -s /lib/guest/renew.sh 2>/dev/null)
case $1 in
bound)
    printf 'Content-Type: application/json\r\n\r\n{"address": "%s", "server": "%s", "microseconds": %d}\n' \
        "$3" "$2" "$(since "$start")"
    exit
    ;;
nak) wrong="$asked was refused by $2" ;;
*) wrong="nobody acknowledged ${asked:-any address}" ;;
esac
printf 'Status: 503 Service Unavailable\r\nContent-Type: text/plain\r\n\r\n%s\n' "no lease: $wrong"
