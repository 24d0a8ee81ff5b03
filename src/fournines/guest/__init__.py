"""A guest that is small enough for a lab, and says what a drill asks: did it boot, has it its lease, is that on disk?

`image` builds it, `status` reads what it answers over HTTP. What runs in it lies in `inside/`, as it is sent there:

    init.sh       prepares the machine; BusyBox's init then runs what `inittab` lists
    dhcp.sh       applies leases
    metadata.sh   asks Nova's metadata who it is
    count.sh      counts seconds on its disk
    status.sh     answers GET /
    write.sh      answers GET /cgi-bin/write
    renew.sh      answers GET /cgi-bin/renew
    since.sh      the time that an answer took
"""
