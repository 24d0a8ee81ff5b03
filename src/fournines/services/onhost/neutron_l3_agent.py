"""Neutron's L3 agent, which has routers announce themselves again a second after they became active.

Its keepalived says so at once, and then after 60 s (Neutron 26.0: `garp_master_delay`, no option). Where a switch was
away for about as long as VRRP is patient, another host takes over for some milliseconds, and announces itself too:
whoever heard that last sends to the wrong host until its own table ages, or the 60 s are over. Floating IPs were dark
for 9 s instead of 3.5 in five of eighteen restarts of a switch, and for more than 30 s in two. The same delay counts
when a host that is active has heard of another one.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

AGAIN_S = 1


def announced(usual: "Callable[..., None]") -> "Callable[..., None]":
    """How a router's part of keepalived's configuration is made, with that delay."""

    def make(self: Any, *arguments: Any, **options: Any) -> None:
        usual(self, *arguments, **options)
        self.garp_primary_delay = AGAIN_S

    return make


def main() -> "int | None":
    # First, for it has eventlet take over what others import.
    agent = import_module("neutron.cmd.eventlet.agents.l3")
    instance: Any = import_module("neutron.agent.linux.keepalived").KeepalivedInstance
    instance.__init__ = announced(instance.__init__)
    return agent.main()


if __name__ == "__main__":
    sys.exit(main())
