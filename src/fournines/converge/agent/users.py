"""System users and their groups."""

from __future__ import annotations

from fournines.converge.agent.machine import Data, Machine, Pairs


def see_user(machine: Machine, wanted: Data) -> Pairs:
    if wanted["name"] not in machine.accounts("passwd"):
        return [("create", "")]
    groups = machine.accounts("group")
    missing = [
        name for name in wanted["groups"] if wanted["name"] not in groups.get(name, ["", "", "", ""])[3].split(",")
    ]
    return [("update", "groups: + {}\n".format(" ".join(missing)))] if missing else []


def do_user(machine: Machine, wanted: Data) -> None:
    prefix = ["--prefix", machine.root] if machine.root else []
    for group in wanted["groups"]:
        if group not in machine.accounts("group"):
            machine.tool("groupadd", *prefix, "--system", group)
    if wanted["name"] not in machine.accounts("passwd"):
        options = ["--system", "--no-create-home", "--home-dir", wanted["home"], "--shell", wanted["shell"]]
        own = ["--gid", wanted["name"]] if wanted["name"] in machine.accounts("group") else ["--user-group"]
        machine.tool("useradd", *prefix, *options, *own, wanted["name"])
    if wanted["groups"]:
        machine.tool("usermod", *prefix, "--append", "--groups", ",".join(wanted["groups"]), wanted["name"])
