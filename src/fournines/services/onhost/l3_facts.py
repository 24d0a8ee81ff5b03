"""On which routers this host has addresses, as one JSON object; keys in `fournines.services.neutron_l3.NeutronL3`.

keepalived gives a router's addresses to the host on which it is active, and takes them away: looked at in the router's
namespace, for what keepalived wrote to disk outlives a loss of power.
"""

import json
import os
import subprocess
from typing import Any

_NAMESPACES = "/run/netns"
_PREFIX = "qrouter-"


def is_active(interfaces: "list[dict[str, Any]]") -> bool:
    """Whether a router's own interface, inside or outside, has an IPv4 address."""
    return any(
        address.get("family") == "inet"
        for each in interfaces
        if str(each.get("ifname", "")).startswith(("qr-", "qg-"))
        for address in each.get("addr_info", [])
    )


def main() -> None:
    names = os.listdir(_NAMESPACES) if os.path.isdir(_NAMESPACES) else []
    ready: list[str] = []
    active: list[str] = []
    for name in sorted(names):
        if name.startswith(_PREFIX):
            shown = subprocess.run(
                ["ip", "-n", name, "-json", "address", "show"], capture_output=True, text=True, check=False, timeout=5
            )
            if shown.returncode == 0:
                router = name[len(_PREFIX) :]
                ready.append(router)
                if is_active(json.loads(shown.stdout or "[]")):
                    active.append(router)
    print(json.dumps({"ready": ready, "active": active}))


if __name__ == "__main__":
    main()
