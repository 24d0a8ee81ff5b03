"""The value of a model's expressions: first all are looked through for what is wrong, then what is left is evaluated.

Random deviates count with their means, as in any point estimate. A unit is compared with that of its parameter, never
converted: the standard has rates per hour and times in hours.
"""

from __future__ import annotations

import math
import re

from fournines.availability.openpsa import grammar
from fournines.availability.openpsa.definitions import Definition, Model
from fournines.availability.openpsa.nodes import Node
from fournines.availability.openpsa.operations import ARITIES, evaluate
from fournines.spec.problems import show

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
SPECIAL = ("bool", "int", "float", "parameter", "system-mission-time", "ite", "switch")
KNOWN = (*SPECIAL, *ARITIES)
EVENTS = ("test-initiating-event", "test-functional-event")


class _Wrong(Exception):  # noqa: N818 - ends one evaluation; the message becomes a problem at the node
    def __init__(self, node: Node, text: str) -> None:
        super().__init__(text)
        self.node = node
        self.text = text


class Expressions:
    """Values of expressions of one model. None stands for what is wrong and was told."""

    def __init__(self, model: Model, mission_time: float) -> None:
        self.model = model
        self._wrongs = model.wrongs
        self._mission_time = mission_time
        self._uses: list[Definition] = []
        self._parameters: dict[int, float | None] = {}
        self._meaning: dict[int, Definition] = {}
        """By the id of the element: nodes live as long as the model."""
        self._evaluate_parameters()

    def value(self, node: Node, container: str) -> float | None:
        return self._value(node) if self._check(node, container) else None

    def probability(self, node: Node, container: str, what: str) -> float | None:
        value = self.value(node, container)
        if value is not None and not 0 <= value <= 1:
            self._wrongs.add(node.place, f"{what} is {value!r}, not between 0 and 1")
            return None
        return value

    def _evaluate_parameters(self) -> None:
        """Each after those that it uses, which may be a long chain: so without a call within a call."""
        uses: dict[int, list[Definition]] = {}
        found = self.model.of("parameter")
        for one in found:
            self._uses = []
            contents = one.node.content if one.node else []
            if len(contents) != 1:
                self._wrongs.add(one.place, f"parameter {show(one.name)} needs one expression, not {len(contents)}")
            elif self._check(contents[0], one.container):
                uses[id(one)] = self._uses
        done: set[int] = set()
        for first in found:
            path: list[Definition] = []
            on_path: set[int] = set()
            todo = [(first, False)]
            while todo:
                one, left = todo.pop()
                if left:
                    path.pop()
                    on_path.discard(id(one))
                    if id(one) not in self._parameters and one.node:
                        self._parameters[id(one)] = self._value(one.node.content[0])
                elif id(one) in on_path:
                    circle = [*path[path.index(one) :], one]
                    names = " -> ".join(each.name for each in circle)
                    self._wrongs.add(one.place, f"parameter {show(one.name)} is defined by itself: {names}")
                    self._parameters.update((id(each), None) for each in circle)
                elif id(one) not in done:
                    done.add(id(one))
                    if id(one) not in uses:
                        self._parameters[id(one)] = None
                        continue
                    path.append(one)
                    on_path.add(id(one))
                    todo.append((one, True))
                    todo += [(each, False) for each in reversed(uses[id(one)])]

    def _check(self, node: Node, container: str) -> bool:
        """Tells all that can be told of an expression without its value."""
        before = self._wrongs.count
        found = grammar.attributes(node, self._wrongs) if node.tag in KNOWN else None
        inside = node.children
        if node.tag == "histogram":
            self._check_bins(node, container)
            inside = inside[:1]
        elif node.tag == "switch":
            for case in node.children[:-1]:
                self._check_pair(case, "case", container)
            inside = inside[-1:]
            if not inside or inside[0].tag == "case":
                self._wrongs.add(node.place, "<switch> needs an expression after its cases")
                inside = []
        elif node.tag in KNOWN:
            least, most = (3, 3) if node.tag == "ite" else (0, 0) if node.tag in SPECIAL else ARITIES[node.tag]
            if not least <= len(inside) <= most:
                self._wrongs.add(node.place, f"<{node.tag}> has {len(inside)} arguments, not {_count(least, most)}")
        elif node.tag in EVENTS:
            self._wrongs.add(node.place, f"<{node.tag}> has no meaning without an event tree, which is not supported")
        elif node.tag == "extern-function":
            self._wrongs.add(node.place, "functions of external libraries are not supported")
        else:
            grammar.unknown(node, "an expression", KNOWN, self._wrongs)
        if node.tag not in KNOWN:
            return False
        if found and node.tag == "parameter":
            self._use(node, found, container)
        elif found and found.get("unit", "hours") != "hours":
            self._wrongs.add(node.place, f"the mission time is in hours, not {found['unit']}")
        if node.tag in ("bool", "int", "float") and found:
            self._number(node, found["value"])
        for child in inside:
            self._check(child, container)
        return self._wrongs.count == before

    def _check_bins(self, node: Node, container: str) -> None:
        if len(node.children) < 2:
            self._wrongs.add(node.place, "<histogram> needs a lower bound and at least one <bin>")
        for bin_ in node.children[1:]:
            self._check_pair(bin_, "bin", container)

    def _check_pair(self, node: Node, tag: str, container: str) -> None:
        if node.tag != tag:
            self._wrongs.add(node.place, f"<{node.tag[:60]}> where a <{tag}> should be")
        elif len(node.children) != 2:
            self._wrongs.add(node.place, f"<{tag}> has {len(node.children)} expressions, not 2")
        else:
            for child in node.children:
                self._check(child, container)

    def _use(self, node: Node, found: dict[str, str], container: str) -> None:
        meant = self.model.find(True, found["name"], container)
        if not meant:
            self.model.lacks(True, found["name"], node.place)
            return
        if found.get("unit", meant.unit) != meant.unit:
            unit = f"in {meant.unit}" if meant.unit else "without a unit"
            self._wrongs.add(node.place, f"parameter {show(meant.name)} is {unit}, not in {found['unit']}")
        self._uses.append(meant)
        self._meaning[id(node)] = meant

    def _number(self, node: Node, text: str) -> float:
        """A constant's; what is wrong is told, when it is looked through."""
        value = math.nan
        if node.tag == "bool":
            value = float(bool(grammar.boolean(node, text, self._wrongs)))
        elif not (INTEGER if node.tag == "int" else NUMBER).fullmatch(text):
            what = "an integer" if node.tag == "int" else "a number"
            self._wrongs.add(node.place, f"{show(text)} is not {what}")
        elif not math.isfinite(value := float(text)):
            self._wrongs.add(node.place, f"{show(text)} is too large")
        return value

    def _value(self, node: Node) -> float | None:
        """Of an expression that was looked through. One of its faults is told: others may follow from it."""
        try:
            return self._of(node)
        except _Wrong as wrong:
            if wrong.text:
                self._wrongs.add(wrong.node.place, f"<{wrong.node.tag}>: {wrong.text}")
            return None

    def _of(self, node: Node) -> float:
        inside = node.children
        match node.tag:
            case "bool" | "int" | "float":
                return self._number(node, node.attributes["value"].strip())
            case "parameter":
                value = self._parameters.get(id(self._meaning[id(node)]))
                if value is None:
                    raise _Wrong(node, "")
                return value
            case "system-mission-time":
                return self._mission_time
            case "ite":
                return self._of(inside[1] if self._of(inside[0]) else inside[2])
            case "switch":
                for case in inside[:-1]:
                    if self._of(case.children[0]):
                        return self._of(case.children[1])
                return self._of(inside[-1])
            case "histogram":
                inside = [inside[0], *(part for each in inside[1:] for part in each.children)]
            case _:
                pass
        arguments = [self._of(part) for part in inside]
        try:
            return evaluate(node.tag, arguments)
        except ValueError as error:
            raise _Wrong(node, str(error)) from None


def _count(least: int, most: int) -> str:
    return str(least) if least == most else f"{least} or more" if most > 99 else f"{least} to {most}"
