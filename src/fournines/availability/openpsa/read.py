"""A fault tree from files of the Open-PSA Model Exchange Format 2.0d."""

from __future__ import annotations

import math
from pathlib import Path

from fournines.availability.openpsa import groups
from fournines.availability.openpsa.definitions import MAX_KNOWN, Definition, Model, collect
from fournines.availability.openpsa.expressions import Expressions
from fournines.availability.openpsa.formulas import Formulas
from fournines.availability.openpsa.nodes import Node, Place, Wrongs, parse
from fournines.availability.tree import FaultTree
from fournines.spec.problems import Mark, show

MISSION_TIME = 8760.0
"""Hours: a year. The standard gives no value; SCRAM has this one."""


def read(path: Path, *more: Path, top: str | None = None, mission_time: float = MISSION_TIME) -> FaultTree:
    """The fault tree of a model, which may be in several files: all its gates, and all events of which it knows P.

    `top`: the gate to take where several are below no other one. `mission_time`: hours.
    Raises SpecError with all that is wrong as `file:line:column: text`.
    """
    if not 0 <= mission_time < math.inf:
        raise ValueError(f"mission time: {mission_time!r}")
    paths = [path, *more]
    wrongs = Wrongs(paths)
    roots = [parse(each, file, wrongs) for file, each in enumerate(paths)]
    wrongs.stop()
    return _read([root for root in roots if root], wrongs, top, mission_time)


def _read(roots: list[Node], wrongs: Wrongs, top: str | None, mission_time: float) -> FaultTree:
    model = collect(roots, wrongs)
    members = [groups.members(group, model) for group in model.groups]
    formulas = Formulas(model)
    formulas.read()
    expressions = Expressions(model, mission_time)
    events = _events(model, formulas, expressions)
    for group, found in zip(model.groups, members, strict=True):
        events |= groups.expand(group, found, expressions, formulas)
    used = {name for gate in formulas.gates.values() for name in gate.inputs}
    _circles(formulas, wrongs)
    # What is wrong elsewhere may leave gates without those above them.
    chosen = _top(model, formulas, used, top) if top is not None or not wrongs.count else ""
    wrongs.stop()
    gates = dict(formulas.gates)
    if chosen in formulas.standing:
        chosen = gates.pop(chosen).inputs[0]
    return FaultTree(chosen, gates, events)


def _events(model: Model, formulas: Formulas, expressions: Expressions) -> dict[str, float]:
    """Basic event -> probability. One that no formula mentions needs none."""
    used = {name for gate in formulas.gates.values() for name in gate.inputs}
    events: dict[str, float] = {}
    for one in model.of("basic-event"):
        if one.group or not one.node:
            continue
        contents = one.node.content
        what = f"the probability of {show(one.name)}"
        if len(contents) > 1:
            model.wrongs.add(one.place, f"basic event {show(one.name)} has {len(contents)} expressions")
        elif contents:
            value = expressions.probability(contents[0], one.container, what)
            events[one.name] = math.nan if value is None else value
        elif one.name in used:
            model.wrongs.add(one.place, f"{what} is not given: an expression is missing")
    return events


def _circles(formulas: Formulas, wrongs: Wrongs) -> None:
    """Tells of each gate that is found below itself. No call within a call: gates may be a long chain."""
    done: set[str] = set()
    for first in formulas.gates:
        path: list[str] = []
        on_path: set[str] = set()
        todo = [(first, False)]
        while todo:
            name, left = todo.pop()
            if left:
                on_path.discard(path.pop())
            elif name in on_path:
                _tell_circle(path[path.index(name) :], formulas, wrongs)
            elif name not in done and name in formulas.gates:
                done.add(name)
                path.append(name)
                on_path.add(name)
                todo.append((name, True))
                todo += [(below, False) for below in reversed(formulas.gates[name].inputs)]


def _tell_circle(circle: list[str], formulas: Formulas, wrongs: Wrongs) -> None:
    """By the gates that the file names."""
    named = [name for name in circle if formulas.owners[name].name == name]
    if named:
        say = " -> ".join([*named, named[0]])
        wrongs.add(formulas.owners[named[0]].place, f"gate {show(named[0])} is below itself: {say}")


def _top(model: Model, formulas: Formulas, used: set[str], top: str | None) -> str:
    wrongs = model.wrongs
    start = Place(0, Mark(1, 1))
    gates = [one for one in model.of("gate") if one.name in formulas.gates]
    if top is not None:
        named = model.names.get(top) or model.find(False, top, "")
        if not named or named.name not in formulas.gates:
            wrongs.add(start, f"no gate {show(top)} is defined", top, [one.name for one in gates[:MAX_KNOWN]])
            return ""
        return named.name
    for kept in model.tops:
        if (ours := model.find(False, kept, "")) and ours.kind == "gate":
            return ours.name
    free = [one for one in gates if one.name not in used]
    if not free:
        wrongs.add(start, "no gate is defined" if not gates else "every gate is below another one")
    elif len(free) > 1:
        wrongs.add(start, f"{len(free)} gates are below no other one: {_list(free, wrongs)}; name one as the top")
    return free[0].name if free else ""


def _list(gates: list[Definition], wrongs: Wrongs) -> str:
    few = [f"{one.name[:60]} ({wrongs.say(one.place, Place(0, Mark(1, 1)))})" for one in gates[:8]]
    return ", ".join(few) + (", ..." if len(gates) > 8 else "")
