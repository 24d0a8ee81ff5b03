"""Remove every difference but unit starts and stops."""

from __future__ import annotations

import os

from fournines.converge.agent.kinds import DO
from fournines.converge.agent.line import Line
from fournines.converge.agent.look import differences
from fournines.converge.agent.machine import Data, Machine, Refusal, remedy_of
from fournines.converge.agent.oslo import refuse_unknown_options
from fournines.converge.agent.packages import POLICY, allow_starts, install, names_in, versions
from fournines.converge.agent.units import RELOAD, UNITS, is_move, is_unit, set_enabled


def write(machine: Machine, request: Data, line: Line) -> Data:
    with machine.lock("write", line):
        return write_locked(machine, request["resources"], line)


def write_locked(machine: Machine, resources: list[Data], line: Line) -> Data:
    found = differences(machine, resources)
    did = [change for change in found if not is_move(change)]
    if not did:
        return {"did": [], "left": found, "versions": versions(names_in(resources))}
    changed = [c for c in did if is_unit(c) or c["subject"].startswith(("/etc/systemd/", "/usr/lib/systemd/"))]
    if changed:
        machine.put(RELOAD, b"")
    # Masks come before packages: what a package brings must find its mask.
    for change in changed:
        if change["action"] == "mask":
            own = "{}/{}".format(UNITS, change["subject"])
            if os.path.exists(machine.at(own)) and not os.path.islink(machine.at(own)):
                raise Refusal(f"cannot mask {own}: there is a unit file of that name; remove it")
            machine.link(own, "/dev/null")
        elif change["action"] == "unmask":
            machine.remove("{}/{}".format(UNITS, change["subject"]))
    packages = [resources[int(change["index"])] for change in did if change["kind"] == "package"]
    missing: dict[str, str] = {package["name"]: package.get("service", "") for package in packages}
    if missing:
        install(machine, missing, line)
    if any(change["index"] is None and change["subject"] == POLICY for change in did):
        allow_starts(machine)
    unmasked = any(change["action"] == "unmask" for change in changed)
    if unmasked:
        machine.tool("systemctl", "daemon-reload", timeout=90)
    # The look could not say so while packages were missing.
    refuse_unknown_options(machine, resources, line, incomplete=False)
    # A new package brings files, folders and users, and a mask hid whether its unit is enabled: look again.
    again = differences(machine, resources) if missing or unmasked else did
    for kind, do in DO.items():
        todo: list[Data] = [c for c in again if c["kind"] == kind and c["index"] is not None]
        if kind == "directory":
            # A folder comes before those in it.
            todo.sort(key=lambda c: str(c["subject"]))
        for change in todo:
            resource = resources[int(change["index"])]
            what = "{} {}".format(kind, change["subject"])
            if "service" in resource:
                what = "{}: {}".format(resource["service"], what)
            try:
                do(machine, resource)
            except Refusal as error:
                raise Refusal(f"{what}: {error}", error.remedy) from None
            except OSError as error:
                raise Refusal(f"{what}: {error.strerror}", remedy_of(error)) from error
    machine.settle()
    set_enabled(machine, [c for c in again if is_unit(c)])
    if os.path.lexists(machine.at(RELOAD)) or any(c["kind"] == "systemd" for c in again):
        machine.tool("systemctl", "daemon-reload", timeout=90)
        machine.remove(RELOAD)
    left = differences(machine, resources)
    if again := [c for c in left if is_unit(c) and not is_move(c)]:
        # An init script looked enabled until our unit of its name was read.
        set_enabled(machine, again)
        machine.tool("systemctl", "daemon-reload", timeout=90)
        left = differences(machine, resources)
    stuck = ["{action} {kind} {subject}".format(**change) for change in left if not is_move(change)]
    if stuck:
        hint = ""
        if any(is_unit(change) and not is_move(change) for change in left):
            hint = " (a unit without [Install], or an init script? Leave its enabling as it is, or mask it.)"
        raise Refusal("still to do after writing: {}{}".format(", ".join(stuck), hint))
    return {"did": did, "left": left, "versions": versions(names_in(resources))}
