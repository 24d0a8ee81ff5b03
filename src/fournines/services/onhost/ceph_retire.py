"""OSDs that the spec no longer has: emptied, then forgotten.

ceph_retire.py drained|drain|forgotten|forget WANTED[,WANTED...] DOMAIN SIZE, on a host with the administrator's key.
"""

import sys
import time
from typing import Any

from fournines.services.onhost.ceph_ask import Cluster

FULL = 0.85
"""Of the room that is left: above it Ceph itself warns."""


def tree(cluster: Cluster, domain: str) -> dict[int, str]:
    """OSD -> the failure domain it is in."""
    nodes = {node["id"]: node for node in cluster.must("osd tree")["nodes"]}
    found: dict[int, str] = {}

    def walk(node: dict[str, Any], inside: str) -> None:
        inside = node["name"] if node["type"] == domain else inside
        if node["type"] == "osd":
            found[node["id"]] = inside
        for child in node.get("children", []):
            walk(nodes[child], inside)

    for node in nodes.values():
        if node["type"] == "root":
            walk(node, "")
    return found


def refuse(cluster: Cluster, leaving: set[int], domain: str, size: int) -> None:
    """End here, with the reason, when what is left could not hold every copy in a domain of its own."""
    where = tree(cluster, domain)
    left = {inside for osd, inside in where.items() if osd not in leaving}
    if len(left) < size:
        going = ", ".join(f"osd.{osd}" for osd in sorted(leaving))
        sys.exit(
            f"refused: without {going} only {len(left)} {domain}s are left "
            f"for {size} copies. Put the disks back into the spec, or add {domain}s first"
        )
    use = {node["id"]: node for node in cluster.must("osd df", mgr=True)["nodes"]}
    room = sum(node["kb"] for osd, node in use.items() if osd not in leaving)
    data = sum(node["kb_used"] for node in use.values())
    if room and data > FULL * room:
        sys.exit(f"refused: {data >> 20} GiB of data and {room >> 20} GiB left for them. Add disks first")


def still(cluster: Cluster, leaving: set[int]) -> str:
    """What still needs these OSDs, in words; empty: nothing.

    Ceph's own `safe-to-destroy` is not enough. For OSDs that are out it takes a placement group that has moved away for
    one that they no longer store, though its copies are still being made from theirs: it was seen to say yes after
    two seconds, and objects were lost. Here every group must be whole, and elsewhere.
    """
    if not leaving <= {osd["osd"] for osd in cluster.must("osd dump")["osds"] if not osd["in"]}:
        return "some still take data"
    dump = cluster.must("pg dump", mgr=True, dumpcontents=["pgs"])
    groups = dump["pg_stats"]
    there = [group for group in groups if leaving & {*group["up"], *group["acting"]}]
    broken = [group for group in groups if group["state"].split("+")[:2] != ["active", "clean"]]
    for what, which in (("lie there", there), ("are not whole", broken)):
        if which:
            return f"{len(which)} of {len(groups)} placement groups {what}"
    code, _, said = cluster.ask("osd safe-to-destroy", mgr=True, ids=[str(osd) for osd in sorted(leaving)])
    return (said or "not safe to destroy") if code else ""


def main() -> int:
    what, numbers, domain, size = sys.argv[1:]
    wanted = {int(number) for number in numbers.split(",") if number}
    with Cluster() as cluster:
        states = {osd["osd"]: osd for osd in cluster.must("osd dump")["osds"]}
        leaving = set(states) - wanted
        if what == "forgotten":
            print("still known:", sorted(leaving))
            return 1 if leaving else 0
        if not leaving:
            return 0
        ids = [str(osd) for osd in sorted(leaving)]
        if what == "drained":
            print(left := still(cluster, leaving))
            return 1 if left else 0
        if what == "drain":
            refuse(cluster, leaving, domain, int(size))
            cluster.must("osd out", ids=ids)
            while left := still(cluster, leaving):
                print(left, flush=True)
                time.sleep(2)
            return 0
        for osd in sorted(leaving):
            cluster.must("osd purge-actual", id=osd, yes_i_really_mean_it=True)
        return 0


if __name__ == "__main__":
    sys.exit(main())
