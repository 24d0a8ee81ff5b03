"""A storage host out of service: whether Ceph can spare its daemons, the flag that keeps its OSDs in the cluster while
they are down, and whether all copies are whole again.

ceph_maintain.py spare|out|back|whole HOST, on another host that has the administrator's key. Prints, as JSON: the
reasons why it cannot be spared, or what is not whole; empty lists else.
"""

import json
import sys
from typing import Any

from fournines.services.onhost.ceph_ask import Cluster


def osds(nodes: "list[dict[str, Any]]", host: str) -> "list[int]":
    """Of that host, in the tree of the cluster."""
    return sorted(
        child for node in nodes if node["type"] == "host" and node["name"] == host for child in node["children"]
    )


def spare(cluster: Cluster, host: str) -> "list[str]":
    """In Ceph's words, why its daemons may not stop."""
    reasons: list[str] = []
    own = osds(cluster.must("osd tree")["nodes"], host)
    if own:
        code, _, said = cluster.ask("osd ok-to-stop", mgr=True, ids=[str(osd) for osd in own])
        if code:
            reasons.append(said or f"osd ok-to-stop: {code}")
    if host in [mon["name"] for mon in cluster.must("mon dump")["mons"]]:
        code, _, said = cluster.ask("mon ok-to-stop", ids=[host])
        if code:
            reasons.append(said or f"mon ok-to-stop: {code}")
    return reasons


def whole(cluster: Cluster) -> "list[str]":
    """Placement groups that are not, counted by state."""
    states = cluster.must("status")["pgmap"].get("pgs_by_state", [])
    # A scrub is no fault.
    return [
        f"{each['count']} {each['state_name']}"
        for each in states
        if each["state_name"].split("+")[:2] != ["active", "clean"]
    ]


def main(what: str, host: str) -> None:
    found: list[str] = []
    with Cluster() as cluster:
        if what == "spare":
            found = spare(cluster, host)
        elif what == "whole":
            found = whole(cluster)
        else:
            cluster.must("osd set-group" if what == "out" else "osd unset-group", flags="noout", who=[host])
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
