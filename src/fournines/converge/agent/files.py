"""Files, folders, links and what must not be there."""

from __future__ import annotations

import os
import stat

from fournines.converge.agent.machine import Data, Machine, Pairs, Refusal, unfinished

DIFF = 64 * 1024


def text_diff(path: str, old: bytes, new: bytes) -> str:
    """Unified diff, at most 64 KiB."""
    import difflib

    try:
        before, after = old.decode(), new.decode()
    except UnicodeDecodeError:
        return f"(binary: {len(old)} -> {len(new)} bytes)\n"
    if len(before) + len(after) > 4 * DIFF:
        return f"(large: {len(old)} -> {len(new)} bytes)\n"
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), path, path, "now", "wanted", lineterm="")
    text = "".join(line + "\n" for line in lines) or "(only the line ends differ)\n"
    return text if len(text) <= DIFF else text[:DIFF] + "\n(cut)\n"


def attributes(machine: Machine, info: os.stat_result, wanted: Data) -> str:
    """What differs in mode and owner, one line each."""
    seen = ""
    mode = stat.S_IMODE(info.st_mode)
    if mode != wanted["mode"]:
        seen += "mode: {:04o} -> {:04o}\n".format(mode, wanted["mode"])
    if os.geteuid() == 0:
        ids = machine.owner(wanted["owner"], wanted["group"])
        if ids != (info.st_uid, info.st_gid):
            seen += "owner: {}:{} -> {}:{}\n".format(info.st_uid, info.st_gid, wanted["owner"], wanted["group"])
    return seen


def ids_of(machine: Machine, wanted: Data) -> tuple[int, int] | None:
    ids = machine.owner(wanted["owner"], wanted["group"])
    if ids is None and os.geteuid() == 0:
        raise Refusal("there is no user {owner} or no group {group}".format(**wanted))
    return ids


def see_file(machine: Machine, wanted: Data) -> Pairs:
    path, content = wanted["path"], wanted["content"].encode()
    left_over = os.path.lexists(machine.at(unfinished(path)))
    try:
        info = os.lstat(machine.at(path))
    except (FileNotFoundError, NotADirectoryError):
        return [("create", "(secret changed)\n" if wanted["secret"] else text_diff(path, b"", content))]
    if wanted["once"]:
        return [("update", "(an unfinished write is left over)\n")] if left_over else []
    if not stat.S_ISREG(info.st_mode):
        kind = "folder" if stat.S_ISDIR(info.st_mode) else "link" if stat.S_ISLNK(info.st_mode) else "special file"
        return [("update", f"(now a {kind})\n")]
    diff = attributes(machine, info, wanted)
    now = machine.read(path) or b""
    if now != content:
        diff += "(secret changed)\n" if wanted["secret"] else text_diff(path, now, content)
    if left_over:
        diff += "(an unfinished write is left over)\n"
    return [("update", diff)] if diff else []


def do_file(machine: Machine, wanted: Data) -> None:
    if wanted["once"] and os.path.lexists(machine.at(wanted["path"])):
        machine.remove(unfinished(wanted["path"]))
    else:
        machine.put(wanted["path"], wanted["content"].encode(), wanted["mode"], ids_of(machine, wanted))


def see_directory(machine: Machine, wanted: Data) -> Pairs:
    try:
        info = os.stat(machine.at(wanted["path"]))
    except (FileNotFoundError, NotADirectoryError):
        return [("create", "")]
    if not stat.S_ISDIR(info.st_mode):
        return [("update", "(now not a folder)\n")]
    diff = attributes(machine, info, wanted)
    return [("update", diff)] if diff else []


def do_directory(machine: Machine, wanted: Data) -> None:
    path = machine.at(wanted["path"])
    ids = ids_of(machine, wanted)
    # Not yet open to others: its owner comes before its mode.
    os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
    if not os.path.isdir(path):
        os.mkdir(path, 0o700)
    if ids is not None and os.geteuid() == 0:
        os.chown(path, ids[0], ids[1])
    os.chmod(path, wanted["mode"])
    machine.written[os.path.dirname(path)] = None


def see_link(machine: Machine, wanted: Data) -> Pairs:
    path = machine.at(wanted["path"])
    if not os.path.lexists(path):
        return [("create", "-> {}\n".format(wanted["target"]))]
    now = os.readlink(path) if os.path.islink(path) else "(not a link)"
    return [] if now == wanted["target"] else [("update", "{} -> {}\n".format(now, wanted["target"]))]


def do_link(machine: Machine, wanted: Data) -> None:
    machine.link(wanted["path"], wanted["target"])


def see_absent(machine: Machine, wanted: Data) -> Pairs:
    return [("remove", "")] if os.path.lexists(machine.at(wanted["path"])) else []


def do_absent(machine: Machine, wanted: Data) -> None:
    machine.remove(wanted["path"])
