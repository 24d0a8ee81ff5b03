"""Disks that a daemon is given whole: are they there, are they the right ones, and is nothing on them but its own?

What is wrong is told with the look, as the action `refuse`, before anything is touched on any host.
"""

from __future__ import annotations

import os
import stat

from fournines.converge.agent import programs
from fournines.converge.agent.machine import Data, Machine, Pairs, Refusal

_HEAD = 1 << 20
_ENDS = 16 << 20
"""What is made empty at both ends: labels, partition tables and their copies."""


def see_disk(machine: Machine, wanted: Data) -> Pairs:
    try:
        held = holds(machine, wanted)
    except Refusal as refusal:
        return [("refuse", str(refusal))]
    return [("wipe", f"- {held}\n")] if held else []


def holds(machine: Machine, wanted: Data) -> str:
    """What is on it that may be lost; empty: nothing, or its daemon's own. Raises Refusal when it is not fit."""
    path = machine.at(wanted["path"])
    try:
        kind = os.stat(path).st_mode
    except FileNotFoundError:
        raise Refusal("there is no such device") from None
    if not (stat.S_ISBLK(kind) or stat.S_ISREG(kind)):
        raise Refusal("it is not a disk")
    with open(path, "rb") as disk:
        size = disk.seek(0, os.SEEK_END)
        disk.seek(0)
        head = disk.read(_HEAD)
    if size < wanted["minimum"]:
        raise Refusal(f"it has {size / 2**30:.1f} GiB, and must have {wanted['minimum'] / 2**30:g}")
    if wanted["serial"] and stat.S_ISBLK(kind):
        serial = machine.tool("lsblk", "--nodeps", "--noheadings", "--output", "SERIAL", path).strip()
        if serial != wanted["serial"]:
            raise Refusal(f"it is the disk {serial or 'without a serial number'}, not {wanted['serial']}")
    if head.startswith(wanted["ours"].encode()):
        return ""
    found = signature(path) or ("data of a kind unknown here" if head.strip(b"\0") else "")
    if found and not wanted["wipe"]:
        name = wanted["serial"] or wanted["path"]
        raise Refusal(f"it holds somebody's data ({found}); if that may be lost: --wipe {name}")
    if found and (user := used_by(machine, path)):
        raise Refusal(f"it holds {found} and is in use ({user}): not even --wipe takes it")
    return found


def signature(path: str) -> str:
    """What libblkid knows it to be."""
    ran = programs.execute(["blkid", "--probe", "--output", "export", path], timeout=20)
    known = dict(line.split("=", 1) for line in ran.out.splitlines() if "=" in line)
    words = [known[key] for key in ("TYPE", "PTTYPE", "LABEL") if key in known]
    return " ".join(words) or ("several signatures" if ran.exit == 8 else "")


def used_by(machine: Machine, path: str) -> str:
    """A mount, or a device that is made of it."""
    real = os.path.realpath(path)
    for line in (machine.read("/proc/self/mounts") or b"").decode(errors="replace").splitlines():
        if os.path.realpath(line.split()[0]) == real:
            return f"mounted at {line.split()[1]}"
    block = f"/sys/class/block/{os.path.basename(real)}"
    parts = [name for name in _names(block) if os.path.exists(f"{block}/{name}/partition")]
    held = [*_names(f"{block}/holders"), *(each for part in parts for each in _names(f"{block}/{part}/holders"))]
    return f"part of {held[0]}" if held else ""


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []


def do_disk(machine: Machine, wanted: Data) -> None:
    """Make it empty, if it still holds what may be lost."""
    if not holds(machine, wanted):
        return
    with open(machine.at(wanted["path"]), "r+b") as disk:
        size = disk.seek(0, os.SEEK_END)
        for start in (0, max(0, size - _ENDS)):
            disk.seek(start)
            disk.write(bytes(min(_ENDS, size - start)))
        disk.flush()
        os.fsync(disk.fileno())
