#!/bin/sh
# GET /cgi-bin/write: writes to the disk, waits until the disk has it, and says how long both took.
. /lib/guest/since.sh
start=$EPOCHREALTIME
if wrong=$({ { grep -q ' /data ' /proc/mounts || { echo 'no disk' && false; }; } && echo "$start" | dd of=/data/asked conv=fsync status=none; } 2>&1); then
    printf 'Content-Type: application/json\r\n\r\n{"microseconds": %d}\n' "$(since "$start")"
else
    printf 'Status: 503 Service Unavailable\r\nContent-Type: text/plain\r\n\r\n%s\n' "not written: $wrong"
fi
