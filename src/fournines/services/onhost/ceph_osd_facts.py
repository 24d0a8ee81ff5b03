"""What the OSDs on this host know, as one JSON object; keys in `fournines.services.ceph_osd.CephOsd`.

ceph_osd_facts.py facts|health; `health` exits 1 unless each of them is active.
"""

import json
import os
import re
import sys
from typing import Any

from fournines.services.onhost.ceph_ask import ask

HOME = "/var/lib/ceph/osd"
SLOW_S = 5.0


def waiting(path: str) -> list[dict[str, Any]]:
    """What clients have been waiting for."""
    found: list[dict[str, Any]] = []
    for op in ask(path, "dump_ops_in_flight").get("ops", []):
        client = op.get("type_data", {}).get("client_info")
        if client and float(op["age"]) >= SLOW_S:
            address = re.sub(r"^v[12]:", "", client["client_addr"]).split(":")[0]
            seconds, what = round(float(op["age"]), 1), op["description"][:120]
            found.append({"client": client["client"], "address": address, "seconds": seconds, "what": what})
    return found


def main() -> int:
    up: list[int] = []
    down: list[int] = []
    slow: list[dict[str, Any]] = []
    names = os.listdir(HOME) if os.path.isdir(HOME) else []
    for number in sorted(int(found[1]) for name in names if (found := re.fullmatch(r"ceph-([0-9]+)", name))):
        path = f"/run/ceph/ceph-osd.{number}.asok"
        try:
            (up if ask(path, "status").get("state") == "active" else down).append(number)
            if sys.argv[1] == "facts":
                slow += waiting(path)
        except (OSError, ValueError, KeyError):
            down.append(number)
    print(json.dumps({"up": up, "down": sorted(set(down)), "slow": slow}))
    return 1 if sys.argv[1] == "health" and (down or not up) else 0


if __name__ == "__main__":
    sys.exit(main())
