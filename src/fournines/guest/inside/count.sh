#!/bin/sh
# Counts seconds in a file of the disk's second partition. What /run/disk says was acknowledged by the disk before: file
# and folder were synced without an error. A count that was not is tried again, so the disk is never more than 1 ahead.
say() { # the count, a number or null; since when, in seconds of uptime; what is wrong, or nothing
    printf '{"counter": %s, "at": %s, "error": "%s"}\n' "$1" "$2" "$3" >/run/disk.new
    mv /run/disk.new /run/disk
}

words() { printf %s "$1" | tr -c 'A-Za-z0-9./: -' ' '; }

read -r at _ </proc/uptime
until grep -q ' /data ' /proc/mounts || wrong=$(mount -t ext4 -o noatime,errors=remount-ro /dev/vda2 /data 2>&1); do
    say null "$at" "$(words "$wrong")"
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
        say null "$at" "no number is in the file of the count"
        sleep 1
    done
fi
read -r at _ </proc/uptime
say $last "$at" ""
echo "nines guest: disk has counted to $last, $at s"
while :; do
    next=$((last + 1))
    # dd and sync FILE call fsync and fail when it does.
    if wrong=$({ echo $next | dd of=/data/count.new conv=fsync status=none && mv /data/count.new /data/count && sync /data; } 2>&1); then
        last=$next
        read -r at _ </proc/uptime
        say $last "$at" ""
    else
        say $last "$at" "$(words "$wrong")"
    fi
    sleep 1
done
