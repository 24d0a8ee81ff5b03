"""What differs from what is wanted, and what the checks say."""

from __future__ import annotations

import os
import threading
import time

from fournines.converge.agent.checks import evaluate
from fournines.converge.agent.facts import room
from fournines.converge.agent.kinds import SEE, SUBJECT
from fournines.converge.agent.line import Line
from fournines.converge.agent.machine import Changes, Data, Machine, Pairs, Refusal
from fournines.converge.agent.oslo import refuse_unknown_options
from fournines.converge.agent.packages import POLICY, POLICY_SAVED, POLICY_TEXT, names_in, versions
from fournines.converge.agent.units import RELOAD, contents, read_stamps, see_unit, unit_states


def differences(machine: Machine, resources: list[Data], installed: dict[str, str] | None = None) -> Changes:
    """Everything in which the host differs from `resources`, in their order. `installed` saves a look where the
    versions of the packages among them are known."""
    found: Changes = []
    if installed is None:
        installed = versions(names_in(resources))
    units = [r for r in resources if r["kind"] == "unit"]
    states = unit_states([r["name"] for r in units])
    stamps, will_be = read_stamps(machine), contents(machine, resources)
    for index, wanted in enumerate(resources):
        kind = wanted["kind"]
        if kind == "package":
            pairs: Pairs = [("create", "")] if wanted["name"] not in installed else []
        elif kind == "unit":
            name = wanted["name"]
            pairs = see_unit(machine, wanted, states[name], stamps, will_be)
        elif kind in SEE:
            pairs = SEE[kind](machine, wanted)
        else:
            raise Refusal(f"unknown kind of resource: {kind}")
        subject = wanted[SUBJECT.get(kind, "path")]
        for action, diff in pairs:
            found.append({"index": index, "kind": kind, "subject": subject, "action": action, "diff": diff})
    own: list[tuple[str, str, str]] = []
    if os.path.lexists(machine.at(RELOAD)) or any(s.get("NeedDaemonReload") == "yes" for s in states.values()):
        own.append(("systemd", "unit files", "reload"))
    if machine.read(POLICY) == POLICY_TEXT or os.path.lexists(machine.at(POLICY_SAVED)):
        own.append(("file", POLICY, "remove"))
    found.extend({"index": None, "kind": k, "subject": s, "action": a, "diff": ""} for k, s, a in own)
    return found


def look(machine: Machine, request: Data, line: Line) -> Data:
    began, clock = time.monotonic(), time.time()
    checks: dict[str, Data] = request["checks"]
    seen: dict[str, Data] = {}

    def ask(name: str) -> None:
        seen[name] = evaluate(checks[name], float(request["limit"]))

    asking = [threading.Thread(target=ask, args=(name,), daemon=True) for name in checks]
    for thread in asking:
        thread.start()
    resources: list[Data] = request["resources"]
    wanted = names_in(resources)
    installed = versions(wanted)
    changes = differences(machine, resources, installed)
    refuse_unknown_options(machine, resources, line, incomplete=len(installed) < len(set(wanted)))
    facts: Data = {"room": room(machine, resources), "versions": installed}
    for thread in asking:
        thread.join()
    seconds = round(time.monotonic() - began, 3)
    return {"changes": changes, "checks": seen, "seconds": seconds, **facts, "clock": [clock, time.time()]}
