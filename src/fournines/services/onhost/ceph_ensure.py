"""Users, OSDs, the rule and pools in Ceph's maps as they are wanted, by one connection.

ceph_ensure.py check|apply, with the wanted as JSON on standard input; `check` prints what is not so, and exits 1.

    users   entity -> {key, caps: kind of daemon -> what it may do}
    osds    [{id, uuid, key}]
    rule    [name, failure domain]
    pools   name -> {application, pg_num, size, min_size}
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

from fournines.services.onhost.ceph_ask import Cluster

Command = dict[str, Any]
Lacking = Iterator[tuple[str, Command, bytes]]
"""What is not so, and the command that makes it so, with its input."""


def users(cluster: Cluster, wanted: dict[str, Any]) -> Lacking:
    have = {each["entity"]: each for each in cluster.must("auth ls")["auth_dump"]}
    for entity, user in wanted.items():
        now = have.get(entity)
        if now is None or now["key"] != user["key"] or now["caps"] != user["caps"]:
            caps = "".join(f'\tcaps {kind} = "{may}"\n' for kind, may in user["caps"].items())
            yield f"user {entity}", {"prefix": "auth import"}, f"[{entity}]\n\tkey = {user['key']}\n{caps}".encode()


def osds(cluster: Cluster, wanted: list[Any]) -> Lacking:
    have = {each["osd"]: each["uuid"] for each in cluster.must("osd dump")["osds"]}
    for osd in wanted:
        if osd["id"] not in have:
            command = {"prefix": "osd new", "uuid": osd["uuid"], "id": osd["id"]}
            yield f"osd.{osd['id']}", command, json.dumps({"cephx_secret": osd["key"]}).encode()
        elif have[osd["id"]] != osd["uuid"]:
            raise SystemExit(f"osd.{osd['id']} is another disk's: {have[osd['id']]}, not {osd['uuid']}")


def rule(cluster: Cluster, wanted: list[str]) -> Lacking:
    name, domain = wanted
    if name not in cluster.must("osd crush rule ls"):
        command = {"prefix": "osd crush rule create-replicated", "name": name, "root": "default", "type": domain}
        yield f"rule {name}", command, b""


def pools(cluster: Cluster, wanted: dict[str, Any], rule_name: str) -> Lacking:
    have = {each["pool_name"]: each for each in cluster.must("osd pool ls", detail="detail")}
    rules = {each["rule_name"]: each["rule_id"] for each in cluster.must("osd crush rule dump")}
    for name, pool in wanted.items():
        now: dict[str, Any] | None = have.get(name)
        if now is None:
            create: Command = {"prefix": "osd pool create", "pool": name, "pool_type": "replicated", "rule": rule_name}
            # Else Ceph makes none whose name begins with a dot, as one of the gateways' does, and calls that good.
            create["yes_i_really_mean_it"] = True
            yield f"pool {name}", {**create, "pg_num": pool["pg_num"], "size": pool["size"]}, b""
            now = {
                "size": pool["size"],
                "min_size": None,
                "crush_rule": rules.get(rule_name),
                "application_metadata": {},
            }
        for key, is_now, value in (
            ("size", now["size"], pool["size"]),
            ("min_size", now["min_size"], pool["min_size"]),
            ("crush_rule", now["crush_rule"], rules.get(rule_name)),
        ):
            if is_now != value:
                new = rule_name if key == "crush_rule" else str(value)
                yield f"{name}: {key} {new}", {"prefix": "osd pool set", "pool": name, "var": key, "val": new}, b""
        if pool["application"] not in now["application_metadata"]:
            enable = {"prefix": "osd pool application enable", "pool": name, "app": pool["application"]}
            yield f"{name}: {pool['application']}", {**enable, "yes_i_really_mean_it": True}, b""


def lacking(cluster: Cluster, wanted: dict[str, Any]) -> Lacking:
    yield from users(cluster, wanted.get("users", {}))
    yield from osds(cluster, wanted.get("osds", []))
    if wanted.get("pools"):
        yield from rule(cluster, wanted["rule"])
        yield from pools(cluster, wanted["pools"], wanted["rule"][0])


def main() -> int:
    apply = sys.argv[1] == "apply"
    left = 0
    with Cluster() as cluster:
        for what, command, given in lacking(cluster, json.load(sys.stdin)):
            print(what)
            left += 1
            if apply:
                cluster.must(given=given, **command)
    return 1 if left and not apply else 0


if __name__ == "__main__":
    sys.exit(main())
