"""Common-cause groups of a file: read, checked, and put in the place of their members."""

from __future__ import annotations

import math
from typing import cast

from fournines.availability.openpsa import ccf, grammar
from fournines.availability.openpsa.definitions import Definition, Group, Model
from fournines.availability.openpsa.expressions import INTEGER, Expressions
from fournines.availability.openpsa.formulas import Formulas
from fournines.availability.openpsa.nodes import Node
from fournines.availability.tree import Gate
from fournines.spec.problems import show

PARTS = ("members", "distribution", "factors", "factor")


def members(group: Group, model: Model) -> list[Definition]:
    """Of a group. Those that nothing defines are hereby defined, where the group is. To be called before formulas."""
    found: list[Definition] = []
    for part in _parts(group, "members"):
        for node in part.children:
            said = grammar.attributes(node, model.wrongs) if node.tag == "basic-event" else None
            if node.tag != "basic-event":
                grammar.unknown(node, "<members>", ("basic-event",), model.wrongs)
            if not said:
                continue
            one = model.find(False, said["name"], group.container)
            if not one and "." in said["name"]:
                model.lacks(False, said["name"], node.place)
                continue
            if not one:
                one = Definition("basic-event", said["name"], group.container, node.place, None)
                model.add(said["name"], group.private, one)
            at = model.wrongs.say(one.place, node.place)
            if one.kind != "basic-event":
                model.wrongs.add(node.place, f"{show(said['name'])} is a {one.kind}, at {at}")
            elif one.group:
                other = model.wrongs.say(one.group, node.place)
                model.wrongs.add(node.place, f"{show(said['name'])} is a member already, at {other}")
            elif one.node and one.node.content:
                model.wrongs.add(node.place, f"{show(said['name'])} has a probability of its own, at {at}")
            else:
                one.group = node.place
                found.append(one)
    return found


def expand(group: Group, found: list[Definition], expressions: Expressions, formulas: Formulas) -> dict[str, float]:
    """The events that a group becomes; its members become gates of them."""
    model = expressions.model
    before = model.wrongs.count
    for node in group.node.content:
        if node.tag not in PARTS:
            grammar.unknown(node, f"<{group.node.tag}>", PARTS, model.wrongs)
    if len(found) < 2:
        model.wrongs.add(group.node.place, f"group {show(group.name)} has {len(found)} good members, not 2 or more")
        return {}
    total = _total(group, expressions)
    kind = cast("ccf.CcfModel", group.model)
    factors = _factors(group, kind, len(found), expressions)
    if model.wrongs.count > before or total is None:
        return {}
    if ccf.too_many(kind, len(found), factors):
        text = f"group {show(group.name)} would be more than {ccf.MAX_EVENTS:,} events"
        model.wrongs.add(group.node.place, text)
        return {}
    by_size = ccf.levels(kind, len(found), total, factors)
    made: dict[str, float] = {}
    inputs: dict[str, list[str]] = {one.name: [] for one in found}
    for some, chance in ccf.expand(list(inputs), by_size):
        name = formulas.name("[", *[part for each in some for part in (each, " ")][:-1], "]")
        made[name] = chance
        for one in some:
            inputs[one].append(name)
    for one in found:
        formulas.gates[one.name] = Gate("or", tuple(inputs[one.name]))
        formulas.owners[one.name] = one
    return made


def _parts(group: Group, *tags: str) -> list[Node]:
    return [node for node in group.node.content if node.tag in tags]


def _total(group: Group, expressions: Expressions) -> float | None:
    """A member's probability to fail."""
    wrongs = expressions.model.wrongs
    found = _parts(group, "distribution")
    if len(found) != 1 or len(found[0].children) != 1:
        wrongs.add(group.node.place, f"group {show(group.name)} needs one <distribution> with one expression")
        return None
    return expressions.probability(found[0].children[0], group.container, "the probability of a member")


def _factors(group: Group, kind: ccf.CcfModel, count: int, expressions: Expressions) -> dict[int, float]:
    """Level -> factor. What is wrong with them is told."""
    wrongs = expressions.model.wrongs
    nodes: list[Node] = []
    for part in _parts(group, "factors", "factor"):
        for node in part.children if part.tag == "factors" else [part]:
            if node.tag == "factor":
                nodes.append(node)
            else:
                grammar.unknown(node, "<factors>", ("factor",), wrongs)
    lowest = ccf.lowest(kind, count)
    level = lowest - 1
    factors: dict[int, float] = {}
    for node in nodes:
        said = (grammar.attributes(node, wrongs) or {}).get("level", str(level + 1))
        level = int(said) if INTEGER.fullmatch(said) and len(said) < 10 else -1
        if not lowest <= level <= count:
            levels = f"from {lowest} to {count}" if lowest < count else f"{count} alone"
            wrongs.add(node.place, f"level {show(said)}: {count} members have levels {levels} in the {kind} model")
        elif level in factors:
            wrongs.add(node.place, f"level {level} has a factor already")
        elif len(node.children) != 1:
            wrongs.add(node.place, f"<factor> has {len(node.children)} expressions, not 1")
        else:
            value = expressions.probability(node.children[0], group.container, f"the factor of level {level}")
            factors[level] = math.nan if value is None else value
    if missing := [level for level in range(lowest, max(factors, default=lowest) + 1) if level not in factors]:
        wrongs.add(group.node.place, f"group {show(group.name)} lacks the factor of level {missing[0]}")
    whole = math.fsum(factors.values())
    if kind == "phi-factor" and factors and not math.isnan(whole) and abs(whole - 1) > 1e-4:
        wrongs.add(group.node.place, f"the factors of {show(group.name)} sum to {whole!r}, not to 1")
    if kind == "alpha-factor" and factors and whole == 0:
        wrongs.add(group.node.place, f"the factors of {show(group.name)} are all 0")
    return factors
