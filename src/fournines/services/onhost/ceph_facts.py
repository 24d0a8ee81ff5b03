"""Prints what this host's mon and the cluster know, as one JSON object; keys in `fournines.services.ceph.Ceph`.

ceph_facts.py SOCKET
"""

import json
import sys
from collections import defaultdict
from typing import Any

from fournines.services.onhost.ceph_ask import Cluster, ask

FULL = 0.85


def main() -> None:
    facts: dict[str, Any] = {"state": None, "leader": None, "quorum": [], "health": None, "warnings": [], "pgs": {}}
    facts.update(bytes=None, used=None, fits=None, clients={}, noout=[], error=None)
    try:
        status = ask(sys.argv[1], "mon_status")
        facts["state"] = status["state"]
        names = {mon["rank"]: mon["name"] for mon in status["monmap"]["mons"]}
        facts["quorum"] = [names[rank] for rank in status["quorum"]]
        if facts["quorum"]:
            cluster_facts(facts)
            for session in ask(sys.argv[1], "sessions"):
                facts["clients"][session["name"]] = session["entity_name"]
    except (Exception, SystemExit) as error:  # whatever it is, the rest is worth telling
        facts["error"] = f"{type(error).__name__}: {error}"[:300]
    print(json.dumps(facts))


def cluster_facts(facts: dict[str, Any]) -> None:
    with Cluster(timeout=4) as cluster:
        status = cluster.must("status")
        facts["leader"] = cluster.must("quorum_status")["quorum_leader_name"]
        facts["health"] = status["health"]["status"]
        checks = status["health"].get("checks", {})
        facts["warnings"] = [f"{code}: {check['summary']['message']}" for code, check in sorted(checks.items())]
        facts["pgs"] = {each["state_name"]: each["count"] for each in status["pgmap"].get("pgs_by_state", [])}
        facts["bytes"], facts["used"] = status["pgmap"].get("bytes_total"), status["pgmap"].get("bytes_used")
        flags = cluster.must("osd dump").get("crush_node_flags", {})
        facts["noout"] = sorted(name for name, own in flags.items() if "noout" in own)
        facts["fits"] = fits(cluster, facts["used"] or 0)


def fits(cluster: Cluster, used: int) -> bool | None:
    """By CRUSH weights, which are in TiB."""
    rules = [rule for rule in cluster.must("osd crush rule dump") if rule["rule_name"].startswith("replicated_")]
    domain = "rack" if any(rule["rule_name"] == "replicated_rack" for rule in rules) else "host"
    nodes = {node["id"]: node for node in cluster.must("osd tree")["nodes"]}
    weights: dict[str, float] = defaultdict(float)

    def walk(node: dict[str, Any], inside: str) -> None:
        inside = node["name"] if node["type"] == domain else inside
        if node["type"] == "osd":
            weights[inside] += float(node["crush_weight"]) * 2**40
        for child in node.get("children", []):
            walk(nodes[child], inside)

    for node in nodes.values():
        if node["type"] == "root":
            walk(node, "")
    copies = max((int(pool["size"]) for pool in cluster.must("osd pool ls", detail="detail")), default=0)
    return lasts(list(weights.values()), copies, used)


def lasts(sizes: list[float], copies: int, used: float) -> bool | None:
    """Whether so many copies of everything, `used` bytes in all, fit into the failure domains but the largest: each
    holds one copy at most. None: there are not enough of them to make copies in."""
    if len(sizes) <= copies:
        return None
    # Not divided by `copies`: thirds do not add up to a whole.
    return sum(min(FULL * size * copies, used) for size in sorted(sizes)[:-1]) >= used * copies


if __name__ == "__main__":
    main()
