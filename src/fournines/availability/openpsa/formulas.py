"""The gates of a model's formulas. A formula inside another one becomes a gate without a name of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from fournines.availability.openpsa import grammar, names
from fournines.availability.openpsa.definitions import Definition, Model
from fournines.availability.openpsa.nodes import Node
from fournines.availability.openpsa.shape import plain
from fournines.availability.tree import Gate, Kind
from fournines.spec.problems import show

ARITIES = {"not": 1, "xor": 2, "iff": 2, "imply": 2}
MAX_PART = 200
COUNT = re.compile("[0-9]{1,9}")


class Formulas:
    """`gates` and `standing` are filled by `read`; what is wrong is told to the model's `wrongs`."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._wrongs = model.wrongs
        self._free = names.Free(model.names)
        self.gates: dict[str, Gate] = {}
        self.owners: dict[str, Definition] = {}
        """Gate -> what the file defines it in."""
        self.standing: set[str] = set()
        """Gates that stand for a top which is a basic event, in files of ours."""

    def read(self) -> None:
        for one in self._model.of("gate", "house-event"):
            contents = one.node.content if one.node else []
            self.owners[one.name] = one
            if one.kind == "house-event":
                self.gates[one.name] = self._house(one, contents)
            elif len(contents) != 1:
                self._wrongs.add(one.place, f"gate {show(one.name)} needs one formula, not {len(contents)}")
            elif gate := self._gate(contents[0], one):
                self.gates[one.name] = self._own(one, gate)

    def name(self, *parts: str) -> str:
        """For what the file has no name for; a few hundred letters of the names that it has are enough for that."""
        return self._free.take("".join(part[:MAX_PART] for part in parts))

    def _house(self, one: Definition, contents: list[Node]) -> Gate:
        """False unless it says otherwise."""
        if len(contents) > 1 or any(node.tag != "constant" for node in contents):
            self._wrongs.add(one.place, f"house event {show(one.name)} may have one <constant> and nothing else")
            return Gate("constant")
        return self._constant(contents[0]) if contents else Gate("constant")

    def _constant(self, node: Node) -> Gate:
        found = grammar.attributes(node, self._wrongs)
        self._no_more(node, node.children)
        return Gate("constant", (), int(bool(found and grammar.boolean(node, found["value"], self._wrongs))))

    def _gate(self, node: Node, owner: Definition) -> Gate | None:
        """Of a formula; one that only names an event is an `or` of that."""
        if node.tag in grammar.REFERENCES:
            name = self._reference(node, owner)
            return None if name is None else Gate("or", (name,))
        if node.tag not in grammar.FORMULAS:
            known = (*grammar.FORMULAS, *grammar.REFERENCES)
            grammar.unknown(node, "a formula", known, self._wrongs)
            return None
        if node.tag == "constant":
            return self._constant(node)
        found = grammar.attributes(node, self._wrongs)
        inputs: list[str] = []
        for child in node.children:
            if (name := self._input(child, owner)) is not None:
                inputs.append(name)
        count = len(node.children)
        need = ARITIES.get(node.tag)
        said = names.kept(owner.node, names.FORMULA) if owner.node and node in owner.node.children else None
        if node.tag == "xor" and count and said == "xor 0 0":
            # Ours. Of others, an `xor` of three may mean that one is true, or that an odd number of them is.
            pass
        elif need and count != need:
            self._wrongs.add(node.place, f"<{node.tag}> has {count} arguments, not {need}")
        elif not count:
            self._wrongs.add(node.place, f"<{node.tag}> has no arguments")
        least, most = self._limits(node, found or {}, count)
        return Gate(cast("Kind", node.tag), tuple(inputs), least, most)

    def _limits(self, node: Node, found: Mapping[str, str], count: int) -> tuple[int, int]:
        """How many of `count` arguments must and may be true; 0 where a formula has no such limit."""
        limits = {"min": 0, "max": 0}
        for name in limits:
            if name not in found:
                continue
            if not COUNT.fullmatch(found[name]):
                self._wrongs.add(node.place, f"{name}={show(found[name])} is not a number of arguments")
            elif (number := int(found[name])) > count > 0:
                self._wrongs.add(node.place, f"{name}={number} of {count} arguments")
            else:
                limits[name] = number
        if "max" in found and limits["min"] > limits["max"]:
            self._wrongs.add(node.place, f"min={limits['min']} is above max={limits['max']}")
        return limits["min"], limits["max"]

    def _input(self, node: Node, owner: Definition) -> str | None:
        if node.tag in grammar.REFERENCES:
            return self._reference(node, owner)
        gate = self._gate(node, owner)
        if not gate:
            return None
        name = self.name(owner.name, "/", node.tag)
        self.gates[name] = gate
        self.owners[name] = owner
        return name

    def _reference(self, node: Node, owner: Definition) -> str | None:
        self._no_more(node, node.children)
        found = grammar.attributes(node, self._wrongs)
        if not found:
            return None
        meant = self._model.find(False, found["name"], owner.container)
        if not meant:
            self._model.lacks(False, found["name"], node.place)
            return None
        kind = found.get("type", node.tag)
        if kind not in ("event", meant.kind):
            at = self._wrongs.say(meant.place, node.place)
            self._wrongs.add(node.place, f"{show(found['name'])} is a {meant.kind}, at {at}, not a {kind}")
        return meant.name

    def _no_more(self, node: Node, inside: list[Node]) -> None:
        if inside:
            self._wrongs.add(inside[0].place, f"<{node.tag}> has nothing inside")

    def _own(self, one: Definition, gate: Gate) -> Gate:
        """A file of ours says what the gate was before it was written as other tools like it."""
        said = names.kept(one.node, names.FORMULA) if one.node else None
        if said == "event" and gate.kind == "or" and len(gate.inputs) == 1:
            self.standing.add(one.name)
        elif said and (parts := re.fullmatch("([a-z]+) (-?[0-9]{1,9}) (-?[0-9]{1,9})", said)):
            before = Gate(cast("Kind", parts[1]), gate.inputs, int(parts[2]), int(parts[3]))
            # Somebody may have changed the formula since.
            if plain(before) == gate:
                return before
        return gate
