"""OSDs that the spec no longer has: emptied, then forgotten.

ceph_retire.py drained|drain|forgotten|forget WANTED[,WANTED...] DOMAIN SIZE, on a host with the administrator's key.
"""

import json
import sys
import time
from typing import Any

import rados  # pyright: ignore[reportMissingImports]

FULL = 0.85
"""Of the room that is left: above it Ceph itself warns."""


class Cluster:
    def __init__(self) -> None:
        self._rados = rados.Rados(conffile="/etc/ceph/ceph.conf")
        self._rados.connect(timeout=8)

    def end(self) -> None:
        self._rados.shutdown()

    def ask(self, *, mgr: bool = False, **command: Any) -> tuple[int, Any, str]:
        """(exit code, answer, what was said)."""
        send = self._rados.mgr_command if mgr else self._rados.mon_command
        code, out, said = send(json.dumps({**command, "format": "json"}), b"", timeout=30)
        return code, json.loads(out) if out.strip() else None, said

    def must(self, *, mgr: bool = False, **command: Any) -> Any:
        code, answer, said = self.ask(mgr=mgr, **command)
        if code:
            raise SystemExit(f"{command['prefix']}: {said or code}")
        return answer


def tree(cluster: Cluster, domain: str) -> dict[int, str]:
    """OSD -> the failure domain it is in."""
    nodes = {node["id"]: node for node in cluster.must(prefix="osd tree")["nodes"]}
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
    use = {node["id"]: node for node in cluster.must(mgr=True, prefix="osd df")["nodes"]}
    room = sum(node["kb"] for osd, node in use.items() if osd not in leaving)
    data = sum(node["kb_used"] for node in use.values())
    if room and data > FULL * room:
        sys.exit(f"refused: {data >> 20} GiB of data and {room >> 20} GiB left for them. Add disks first")


def main() -> int:
    what, numbers, domain, size = sys.argv[1:]
    wanted = {int(number) for number in numbers.split(",") if number}
    cluster = Cluster()
    try:
        states = {osd["osd"]: osd for osd in cluster.must(prefix="osd dump")["osds"]}
        leaving = set(states) - wanted
        if what == "forgotten":
            print("still known:", sorted(leaving))
            return 1 if leaving else 0
        if not leaving:
            return 0
        ids = [str(osd) for osd in sorted(leaving)]
        if what == "drained":
            code, _, said = cluster.ask(mgr=True, prefix="osd safe-to-destroy", ids=ids)
            print(said)
            return 1 if code else 0
        if what == "drain":
            refuse(cluster, leaving, domain, int(size))
            cluster.must(prefix="osd out", ids=ids)
            while True:
                code, _, said = cluster.ask(mgr=True, prefix="osd safe-to-destroy", ids=ids)
                if not code:
                    return 0
                print(said, flush=True)
                time.sleep(2)
        for osd in sorted(leaving):
            cluster.must(prefix="osd purge-actual", id=osd, yes_i_really_mean_it=True)
        return 0
    finally:
        cluster.end()


if __name__ == "__main__":
    sys.exit(main())
