#!/bin/sh
# Counts seconds in a file of the disk's second partition. What /run/disk says was acknowledged by the disk before: file
# and folder were synced without an error. A count that was not is tried again, so the disk is never more than 1 ahead.
say() { # the count, a number or null; what is wrong, or nothing
    read -r now _ </proc/uptime
    printf '{"counter": %s, "at": %s, "error": "%s"}\n' "$1" "$now" "$2" >/run/disk.new
    mv /run/disk.new /run/disk
}

words() { printf %s "$1" | tr -c 'A-Za-z0-9./: -' ' '; }

until grep -q ' /data ' /proc/mounts || wrong=$(mount -t ext4 -o noatime,errors=remount-ro /dev/vda2 /data 2>&1); do
    say null "$(words "$wrong")"
    sleep 1
done
last=0
if [ -e /data/count ]; then
    last=
    until
        read -r last </data/count
        [ "$last" -ge 0 ] 2>/dev/null
    do
        # Not overwritten: it would hide that it was lost.
        say null "no number is in the file of the count"
        sleep 1
    done
fi
read -r now _ </proc/uptime
echo "nines guest: disk has counted to $last, $now s"
while :; do
    next=$((last + 1))
    # dd and sync FILE call fsync and fail when it does.
    if wrong=$({ echo $next | dd of=/data/count.new conv=fsync status=none && mv /data/count.new /data/count && sync /data; } 2>&1); then
        last=$next
        say $last ""
    else
        say $last "$(words "$wrong")"
    fi
    sleep 1
done
