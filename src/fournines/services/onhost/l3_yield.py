"""Ends the keepalived of routers on this host with a goodbye (SIGTERM): it tells the others, in an advertisement of
priority 0, that it serves no more, and one of them takes over after its skew time, 0.8 of an advertisement's interval,
instead of after three missing ones.

l3_yield.py ROUTER...

Neutron's agent starts it again within a minute. It is configured as BACKUP with nopreempt, so it stays what it is then.
Prints the routers whose keepalived was told to end.
"""

import contextlib
import os
import signal
import sys

_FOLDER = "/var/lib/neutron/ha_confs"


def is_keepalived(cmdline: bytes, router: str) -> bool:
    """Whether those are the arguments of that router's: a file of process ids outlives a loss of power."""
    words = cmdline.split(b"\0")
    return os.path.basename(words[0]) == b"keepalived" and any(router.encode() in word for word in words[1:])


def main(routers: "list[str]") -> None:
    for router in routers:
        # It has none, or that one has just ended.
        with contextlib.suppress(OSError, ValueError):
            with open(f"{_FOLDER}/{router}.pid.keepalived", encoding="ascii") as file:
                process = int(file.read())
            with open(f"/proc/{process}/cmdline", "rb") as file:
                if not is_keepalived(file.read(), router):
                    continue
            os.kill(process, signal.SIGTERM)
            print(router)


if __name__ == "__main__":
    main(sys.argv[1:])
