#!/bin/sh
# GET /cgi-bin/write: writes to the disk, waits until the disk has it, and says how long both took.
start=$EPOCHREALTIME
if wrong=$({ { grep -q ' /data ' /proc/mounts || { echo 'no disk' && false; }; } && echo "$start" | dd of=/data/asked conv=fsync status=none; } 2>&1); then
    end=$EPOCHREALTIME
    # Seconds and microseconds apart, for the shell counts in whole numbers. 10#: a leading 0 is no octal.
    took=$(((${end%.*} - ${start%.*}) * 1000000 + 10#${end#*.} - 10#${start#*.}))
    printf 'Content-Type: application/json\r\n\r\n{"microseconds": %d}\n' $took
else
    printf 'Status: 503 Service Unavailable\r\nContent-Type: text/plain\r\n\r\n%s\n' "not written: $wrong"
fi
