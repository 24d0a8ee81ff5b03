"""Kernel settings, now and at boot."""

from __future__ import annotations

import os

from fournines.converge.agent.machine import Data, Machine, Pairs, Refusal, unfinished


def sysctl_paths(wanted: Data) -> tuple[str, str, bytes]:
    """Where the kernel shows it, the file for the next boot, and that file's content."""
    key, value = wanted["key"], wanted["value"]
    boot = "/etc/sysctl.d/90-nines-{}.conf".format(key.replace("/", "-"))
    return "/proc/sys/" + key.replace(".", "/"), boot, f"{key} = {value}\n".encode()


def see_sysctl(machine: Machine, wanted: Data) -> Pairs:
    live, boot, content = sysctl_paths(wanted)
    now = machine.read(live)
    seen = "absent" if now is None else " ".join(now.decode().split())
    if seen != " ".join(wanted["value"].split()):
        return [("update", "{} -> {}\n".format(seen, wanted["value"]))]
    if machine.read(boot) != content or os.path.lexists(machine.at(unfinished(boot))):
        return [("update", "set now, not at boot\n")]
    return []


def do_sysctl(machine: Machine, wanted: Data) -> None:
    live, boot, content = sysctl_paths(wanted)
    if not os.path.exists(machine.at(live)):
        raise Refusal("this kernel has no such setting")
    with open(machine.at(live), "w") as file:
        file.write(wanted["value"])
    machine.put(boot, content)
