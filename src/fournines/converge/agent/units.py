"""Systemd units: how they are, what of it differs, and which files they were started with."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time

from fournines.converge.agent import programs
from fournines.converge.agent.line import Line
from fournines.converge.agent.machine import STATE, Changes, Data, Machine, Pairs, Refusal

STAMPS = STATE + "/stamps.json"
RELOAD = STATE + "/daemon-reload"
UNITS = "/etc/systemd/system"
RUNNING = ("active", "activating", "reloading", "refreshing")
MOVES = ("stop", "start", "restart", "reload")
SHOWN = (
    "LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload,"
    "InactiveExitTimestampMonotonic,ExecMainStartTimestampMonotonic"
)


def unit_states(names: list[str]) -> dict[str, dict[str, str]]:
    """What systemd says about each, in one call."""
    if not names:
        return {}
    ran = programs.execute(["systemctl", "show", "-p", SHOWN, "--", *names], timeout=30)
    blocks = [block for block in ran.out.strip().split("\n\n") if block.strip()]
    if ran.exit or len(blocks) != len(names):
        raise Refusal("systemd does not answer: {}".format(ran.said() or "no end after 30 s"))
    return {
        name: dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        for name, block in zip(names, blocks, strict=False)
    }


def last_lines(name: str) -> list[str]:
    """The end of its journal."""
    journal = programs.execute(["journalctl", "-u", name, "-n", "60", "--no-pager", "-o", "cat"], timeout=15)
    return journal.out.splitlines()


def is_masked(machine: Machine, name: str) -> bool:
    path = machine.at(f"{UNITS}/{name}")
    return os.path.islink(path) and os.readlink(path) == "/dev/null"


def digest(machine: Machine, reads: list[str], wanted: dict[str, bytes | None]) -> str:
    """Of what is at these paths: what is wanted there where that is known, else what is there now."""
    total = hashlib.sha256()
    for path in sorted(reads):
        content = wanted[path] if path in wanted else machine.read(path)
        part = "absent" if content is None else hashlib.sha256(content).hexdigest()
        total.update(f"{path}\0{part}\n".encode())
    return total.hexdigest()


def contents(machine: Machine, resources: list[Data]) -> dict[str, bytes | None]:
    """Path -> what it will hold once everything is written."""
    found: dict[str, bytes | None] = {}
    for wanted in resources:
        if wanted["kind"] == "absent":
            found[wanted["path"]] = None
        elif wanted["kind"] == "file":
            now = machine.read(wanted["path"]) if wanted["once"] else None
            found[wanted["path"]] = wanted["content"].encode() if now is None else now
    return found


def started_after(machine: Machine, state: dict[str, str], reads: list[str]) -> bool:
    """Whether what runs was started after the last change of every file that it reads."""
    stamps = [
        int(state.get(name) or 0) for name in ("InactiveExitTimestampMonotonic", "ExecMainStartTimestampMonotonic")
    ]
    began = time.time() - time.monotonic() + max(stamps) / 1e6
    for path in reads:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            if os.stat(machine.at(path)).st_ctime > began:
                return False
    return max(stamps) > 0


def read_stamps(machine: Machine) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(machine.read(STAMPS) or b"{}")
    except ValueError:
        return {}
    return found


def keep_stamps(machine: Machine, had: dict[str, str], read: list[dict[str, str]], line: Line) -> None:
    """Write down what units have read; `had` are the stamps as they were."""
    new = {key: value for stamps in read for key, value in stamps.items() if had.get(key) != value}
    if new:
        with machine.lock("stamps", line):
            stamps = {**read_stamps(machine), **new}
            machine.put(STAMPS, (json.dumps(stamps, indent=1, sort_keys=True) + "\n").encode(), 0o600)
            machine.settle()


def fresh_stamps(machine: Machine, unit: Data, wanted: dict[str, bytes | None]) -> dict[str, str]:
    """The stamps of a unit that has read all that is wanted: key in stamps.json -> digest."""
    stamps = {unit["name"]: digest(machine, unit["reads"], wanted)}
    if unit["reload_reads"]:
        stamps[reload_key(unit["name"])] = digest(machine, unit["reload_reads"], wanted)
    return stamps


def reload_key(name: str) -> str:
    return name + " reload"


def is_stale(stamps: dict[str, str], fresh: dict[str, str], key: str) -> bool:
    return stamps.get(key) != fresh[key]


def see_unit(
    machine: Machine, wanted: Data, state: dict[str, str], stamps: dict[str, str], will_be: dict[str, bytes | None]
) -> Pairs:
    """Differences of one unit. `will_be` is what files hold once everything is written."""
    pairs: Pairs = []
    name, file_state, active = wanted["name"], state.get("UnitFileState", ""), state.get("ActiveState", "inactive")
    if wanted["masked"] != is_masked(machine, name):
        pairs.append(("mask" if wanted["masked"] else "unmask", ""))
    if not wanted["masked"]:
        if wanted["enabled"] is True and file_state not in ("enabled", "alias", "generated"):
            pairs.append(("enable", ""))
        if wanted["enabled"] is False and file_state not in ("disabled", "static", "indirect", "masked", "linked", ""):
            pairs.append(("disable", ""))
    runs = active in RUNNING
    fresh = fresh_stamps(machine, wanted, will_be)
    if wanted["running"] is False and runs:
        pairs.append(("stop", ""))
    elif wanted["running"] is True and not runs:
        pairs.append(("start", ""))
    elif wanted["running"] is True and active == "activating":
        # Asked for by a run that was killed, or failing and tried again: joined, or restarted if with older files.
        pairs.append(("start", "(starting)\n"))
    elif wanted["running"] is True and is_stale(stamps, fresh, name):
        why = "(started by somebody else)\n" if name not in stamps else "(what it reads changed)\n"
        pairs.append(("restart", why))
    elif runs and wanted["reload_reads"] and is_stale(stamps, fresh, reload_key(name)):
        # Whoever else may start it: it is not stale if that was after the files were written.
        unchanged = fresh_stamps(machine, wanted, {}) == fresh
        if not (unchanged and started_after(machine, state, wanted["reload_reads"])):
            pairs.append(("reload", "(what it reads changed)\n"))
    return pairs


def is_unit(change: Data) -> bool:
    return change["kind"] == "unit"


def is_move(change: Data) -> bool:
    """A start or a stop: not for `write` but for `units`."""
    return is_unit(change) and change["action"] in MOVES


def set_enabled(machine: Machine, changes: Changes) -> None:
    for action in ("disable", "enable"):
        names = [change["subject"] for change in changes if change["action"] == action]
        if names:
            machine.tool("systemctl", action, "--no-reload", "--quiet", "--", *names, timeout=90)
