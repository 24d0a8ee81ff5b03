"""Takes an API's server out of service without losing a request, and back into it when it really answers.

    drain.py close WHERE...  no new connections
    drain.py drain WHERE     the same, and waits until the old ones have ended, for LAST seconds at most
    drain.py open WHERE      waits until the application answers, for FIRST seconds at most, and takes connections;
                             none, once the server has ended ($MAINPID, where systemd says it)

WHERE is ADDRESS:PORT, or the path of uWSGI's INI, whose `http-socket` says them. Run as root by the server's unit.

New connections are refused by a TCP reset before they reach the server, so the load balancer, which has sent
nothing yet, gives the request to another controller whatever its method. Only then does the server end: nobody waits in
its listen queue. uWSGI listens before its application is loaded; what came then would wait for the whole load.
The rule is in an nftables table of its own, which a reboot clears. Connections from 127.0.0.0/8 always pass: our own.
"""

from __future__ import annotations

import configparser
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable

LAST = 30.0
FIRST = 100.0
"""A unit's start is bounded by 120 s."""
QUIET = 8
"""Looks on end, 0.05 s apart, that find no connection."""
NOTICE = 1.5
"""Seconds within which load balancers notice that a member which was closed before this one is back."""
TABLE = "inet fournines_drain"

# States of /proc/net/tcp in which somebody still waits for an answer, or may yet ask:
# ESTABLISHED (also in the listen queue), SYN_RECV, CLOSE_WAIT, NEW_SYN_RECV.
_OPEN = {"01", "03", "08", "0C"}


def rules(address: str, port: int, *, refuse: bool) -> str:
    """An nftables script by which new connections to that server are refused, or taken again. One transaction."""
    element = f"element {TABLE} closed {{ {address} . {port} }}\n"
    return (
        f"add table {TABLE}\n"
        f"add set {TABLE} closed {{ type ipv4_addr . inet_service; }}\n"
        f"add chain {TABLE} input {{ type filter hook input priority -10; }}\n"
        f"flush chain {TABLE} input\n"
        f"add rule {TABLE} input ip daddr . tcp dport @closed tcp flags & (syn|ack) == syn"
        " ip saddr != 127.0.0.0/8 reject with tcp reset\n"
        f"add {element}" + ("" if refuse else f"delete {element}")
    )


def nft(script: str) -> None:
    subprocess.run(["nft", "-f", "-"], input=script, text=True, check=True, timeout=60)


def still_open(lines: Iterable[str], address: str, port: int) -> int:
    """How many connections to that local address and port are open, in the lines of /proc/net/tcp."""
    local = f"{int.from_bytes(socket.inet_aton(address), sys.byteorder):08X}:{port:04X}"
    found = 0
    for line in lines:
        fields = line.split()
        if len(fields) > 3 and fields[1] == local and fields[3] in _OPEN:
            found += 1
    return found


def listens(where: str) -> tuple[str, int]:
    """Address and port of the server."""
    if where.startswith("/"):
        parser = configparser.RawConfigParser(strict=False)
        with open(where, encoding="utf-8") as file:
            parser.read_file(file)
        where = parser["uwsgi"]["http-socket"]
    address, port = where.rsplit(":", 1)
    return address, int(port)


def answers(address: str, port: int) -> bool:
    """Whether the application answers anything but a failure."""
    connection = http.client.HTTPConnection(address, port, timeout=5, source_address=("127.0.0.1", 0))
    try:
        connection.request("GET", "/")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def wait_for_the_last(address: str, port: int) -> None:
    end = time.monotonic() + LAST
    quiet = 0
    while time.monotonic() < end:
        with open("/proc/net/tcp", encoding="ascii") as file:
            left = still_open(file, address, port)
        # Several times: a connection that came just before the rule is in no table for a while, on a busy host.
        quiet = 0 if left else quiet + 1
        if quiet == QUIET:
            return
        time.sleep(0.05)
    print(f"connections to {address}:{port} are still open after {LAST:g} s", flush=True)


def wait_for_the_first(address: str, port: int, server: str | None) -> bool:
    """False once the process `server` is gone. systemd starts it again only when nobody waits for it any more."""
    end = time.monotonic() + FIRST
    while time.monotonic() < end:
        if answers(address, port):
            return True
        if server and not os.path.exists(f"/proc/{server}"):
            print(f"the server of {address}:{port} has ended", flush=True)
            return False
        time.sleep(0.1)
    print(f"{address}:{port} gives no answer after {FIRST:g} s", flush=True)
    return True


def main(verb: str, where: str, *more: str) -> None:
    address, port = listens(where)
    if verb == "open":
        if wait_for_the_first(address, port, os.environ.get("MAINPID")):
            nft(rules(address, port, refuse=False))
        return
    # systemd runs a unit's ExecStop also when the server has died: nobody is being served then.
    serving = verb == "drain" and "MAINPID" in os.environ
    if serving:
        time.sleep(NOTICE)
    nft("".join(rules(*listens(each), refuse=True) for each in (where, *more)))
    if serving:
        wait_for_the_last(address, port)


if __name__ == "__main__":
    main(*sys.argv[1:])
