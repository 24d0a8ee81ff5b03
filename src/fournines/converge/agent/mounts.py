"""File systems, mounted now and at boot."""

from __future__ import annotations

import os

from fournines.converge.agent.machine import Data, Machine, Pairs, Refusal


def unescape(field: str) -> str:
    return field.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")


def table_line(wanted: Data) -> str:
    fields = [wanted[name].replace(" ", "\\040") for name in ("source", "path", "fstype", "options")]
    return " ".join(fields) + " 0 0"


def mounted(machine: Machine, path: str) -> str | None:
    """The type of the file system on top at `path`."""
    found = None
    for line in (machine.read("/proc/self/mounts") or b"").decode(errors="replace").splitlines():
        fields = line.split()
        if len(fields) > 2 and unescape(fields[1]) == path:
            found = fields[2]
    return found


def table_of(machine: Machine, path: str) -> tuple[list[str], list[str]]:
    """Lines of /etc/fstab: (those of `path`, the others)."""
    own: list[str] = []
    others: list[str] = []
    for line in (machine.read("/etc/fstab") or b"").decode(errors="replace").splitlines():
        fields = line.split()
        is_own = len(fields) > 1 and not fields[0].startswith("#") and unescape(fields[1]) == path
        (own if is_own else others).append(line)
    return own, others


def see_mount(machine: Machine, wanted: Data) -> Pairs:
    now = mounted(machine, wanted["path"])
    if now is None:
        return [("create", table_line(wanted) + "\n")]
    if now != wanted["fstype"]:
        return [("update", "{} -> {}\n".format(now, wanted["fstype"]))]
    own, _ = table_of(machine, wanted["path"])
    if own != [table_line(wanted)]:
        return [("update", "".join(f"- {line}\n" for line in own) + f"+ {table_line(wanted)}\n")]
    return []


def do_mount(machine: Machine, wanted: Data) -> None:
    path, now = wanted["path"], mounted(machine, wanted["path"])
    if now is not None and now != wanted["fstype"]:
        raise Refusal(f"a {now} is mounted there: unmount it")
    os.makedirs(machine.at(path), 0o755, exist_ok=True)
    if now is None:
        machine.tool("mount", "-t", wanted["fstype"], "-o", wanted["options"], wanted["source"], machine.at(path))
    else:
        machine.tool("mount", "-o", "remount," + wanted["options"], machine.at(path))
    # The table last: a run killed before it sees the difference again.
    _, others = table_of(machine, path)
    machine.put("/etc/fstab", "".join(line + "\n" for line in [*others, table_line(wanted)]).encode())
