#!/bin/sh
# Asks who this guest is for up to five minutes from its first lease on; without an answer it stays who DHCP says.
until [ -e /run/ready ]; do sleep 0.2; done
tries=0
while [ $tries -lt 100 ]; do
    tries=$((tries + 1))
    told=$(wget -q -T 2 -O - http://169.254.169.254/openstack/latest/meta_data.json 2>/dev/null | tr -d '\n')
    # Nova writes the uuid before, and the host name after, what users may have put there.
    uuid=$(printf %s "$told" | grep -o '"uuid": *"[0-9a-f-]*"' | head -n 1 | cut -d '"' -f 4)
    name=$(printf %s "$told" | grep -o '"hostname": *"[A-Za-z0-9.-]*"' | tail -n 1 | cut -d '"' -f 4)
    if [ -n "$uuid" ]; then
        : >/run/named
        [ -z "$name" ] || hostname "$name"
        echo "$uuid" >/run/uuid.new
        mv /run/uuid.new /run/uuid
        read -r now _ </proc/uptime
        echo "nines guest: is $name $uuid $now s"
        exit
    fi
    sleep 1
done
echo "nines guest: no metadata after $tries requests"
