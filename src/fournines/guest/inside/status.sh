#!/bin/sh
# GET /. Every file that it reads is whole: each was renamed into its place.
read -r hostname </proc/sys/kernel/hostname
read -r boot </proc/sys/kernel/random/boot_id
read -r uptime _ </proc/uptime
read -r uuid 2>/dev/null </run/uuid
read -r lease 2>/dev/null </run/lease
read -r disk 2>/dev/null </run/disk
printf 'Content-Type: application/json\r\n\r\n'
printf '{"hostname": "%s", "boot_id": "%s", "uuid": "%s", "uptime": %s, "lease": %s, "disk": %s}\n' \
    "$hostname" "$boot" "$uuid" "$uptime" "${lease:-null}" "${disk:-null}"
