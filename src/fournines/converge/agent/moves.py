"""Start, restart, reload and stop units."""

from __future__ import annotations

import contextlib
import time

from fournines.converge.agent import programs
from fournines.converge.agent.line import Line
from fournines.converge.agent.machine import Data, Machine
from fournines.converge.agent.ports import holders
from fournines.converge.agent.programs import Ran
from fournines.converge.agent.units import (
    MOVES,
    RUNNING,
    fresh_stamps,
    is_stale,
    keep_stamps,
    last_lines,
    read_stamps,
    reload_key,
    started_after,
    unit_states,
)

ATTEMPTS = 3
"""Starts of a unit, the last of which must succeed."""


def units(machine: Machine, request: Data, line: Line) -> Data:
    """Each of `units` is {name, action, reads, reload_reads}. `did` says what became of each: the action; `already`
    when there was nothing to do; `stale` when a start found it running with older files, which only a restart may
    change."""
    wanted: list[Data] = request["units"]
    timeout = float(request["timeout"])
    with contextlib.ExitStack() as stack:
        for unit in sorted(wanted, key=lambda unit: unit["name"]):
            stack.enter_context(machine.lock("unit " + unit["name"], line))
        states, stamps = unit_states([unit["name"] for unit in wanted]), read_stamps(machine)
        did: dict[str, str] = {}
        fresh: dict[str, dict[str, str]] = {}
        failed: list[Data] = []
        for unit in wanted:
            name = unit["name"]
            # A reload reads only some files again.
            reads = fresh_stamps(machine, unit, {})
            fresh[name] = {key: reads[key] for key in reads if unit["action"] != "reload" or key == reload_key(name)}
            old = any(is_stale(stamps, reads, key) for key in fresh[name])
            did[name] = unit_move(machine, unit, states[name], not old)
        # It was started after the files were written, by a step perhaps: its stamp only is missing.
        keep_stamps(machine, stamps, [fresh[name] for name in did if did[name] == "already"], line)
        for action in MOVES:
            names = [name for name, move in did.items() if move == action]
            if not names:
                continue
            broken = [name for name in names if states[name].get("ActiveState") == "failed"]
            if broken and action != "stop":
                programs.execute(["systemctl", "reset-failed", "--", *broken], timeout=30)
            with line.beating(lambda a=action, n=names: "{} {}".format(a, " ".join(n))):
                ran = move(action, names, timeout)
            bad = unit_failures(names, action, ran)
            failed += [told(name, action, ran, timeout, request.get("check") or {}, {*stamps, *states}) for name in bad]
            if action != "stop":
                keep_stamps(machine, stamps, [fresh[name] for name in names if name not in bad], line)
    return {"did": did, "failed": failed}


def unit_move(machine: Machine, unit: Data, state: dict[str, str], is_fresh: bool) -> str:
    active, action = state.get("ActiveState", "inactive"), unit["action"]
    reads: list[str] = [*unit["reads"], *unit["reload_reads"]]
    runs = active in RUNNING
    if action == "stop":
        return "stop" if runs else "already"
    if action == "reload":
        return "already" if is_fresh or not runs else "reload"
    if not runs:
        return "start"
    if active == "activating":
        # Join a start under way, unless it began with older files.
        return "start" if started_after(machine, state, reads) else "restart"
    if is_fresh or (action == "start" and started_after(machine, state, reads)):
        return "already"
    return "stale" if action == "start" else "restart"


def move(action: str, names: list[str], timeout: float) -> Ran:
    """One that fails to start, and that systemd starts again by itself, may have come before what it needs: when a host
    boots, all begin at once. Its next starts count too."""
    end = time.monotonic() + timeout
    ran = programs.execute(["systemctl", action, "--", *names], timeout=timeout)
    for _ in range(ATTEMPTS - 1):
        if ran.exit in (0, None) or action not in ("start", "restart"):
            break
        states = {name: state.get("ActiveState") for name, state in unit_states(names).items()}
        again = [name for name in names if states[name] == "activating"]
        if not again or not all(states[name] in RUNNING for name in names):
            break
        ran = programs.execute(["systemctl", "start", "--", *again], timeout=max(0.1, end - time.monotonic()))
    return ran


def unit_failures(names: list[str], action: str, ran: Ran) -> list[str]:
    states = unit_states(names)
    if action == "stop":
        return [name for name in names if states[name].get("ActiveState") in RUNNING]
    down = [name for name in names if states[name].get("ActiveState") not in RUNNING]
    if ran.exit == 0 or down:
        return down
    # Not down and yet an error: a failed reload, or a start that has not ended within its bound.
    return names


def told(name: str, action: str, ran: Ran, timeout: float, check: Data, own: set[str]) -> Data:
    """{name, action, said, journal, holders}: the last lines that it logged, and who has a port that it cannot get."""
    if ran.exit is None:
        said = f"no end after {timeout:g} s"
    elif ran.exit == 0:
        said = "it ended at once"
    else:
        said = ran.said()
    journal = last_lines(name)
    taken = holders(journal, check, own) if action != "stop" else []
    return {"name": name, "action": action, "said": said, "journal": journal[-20:], "holders": taken}
