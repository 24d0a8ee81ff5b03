"""What a model defines, and which definition a name means where it is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from fournines.availability.openpsa import grammar, names
from fournines.availability.openpsa.nodes import Node, Place, Wrongs
from fournines.spec.problems import show

Kind = Literal["gate", "basic-event", "house-event", "parameter"]
MAX_HINTS = 20
"""To look for near names takes time: not for each event of a file that lacks its library of events..."""
MAX_KNOWN = 20_000
"""...nor among more than so many."""
MAX_PATH = 500
"""Letters of a container's path, which is a part of the name of each thing in it."""


@dataclass(slots=True, eq=False)
class Definition:
    kind: Kind
    name: str
    """As the fault tree has it: what is private goes by its whole path."""
    container: str
    """The path of what it is defined in: `tree.component`; empty for the model itself."""
    place: Place
    node: Node | None
    """None for a member of a common-cause group that nothing else defines."""
    unit: str = ""
    group: Place | None = None
    """Where the common-cause group is that a basic event belongs to."""


@dataclass(frozen=True, slots=True)
class Group:
    """A common-cause group as the file has it."""

    name: str
    model: str
    container: str
    private: bool
    node: Node


@dataclass(slots=True)
class Model:
    wrongs: Wrongs
    paths: dict[tuple[bool, str], Definition] = field(default_factory=dict[tuple[bool, str], Definition])
    """(is it a parameter, its whole path) -> what it means; gates and events share their names."""
    public: dict[tuple[bool, str], Definition] = field(default_factory=dict[tuple[bool, str], Definition])
    names: dict[str, Definition] = field(default_factory=dict[str, Definition])
    """Gate or event -> its definition, by the name that it gets in the fault tree."""
    groups: list[Group] = field(default_factory=list[Group])
    tops: list[str] = field(default_factory=list[str])
    """Gates that files name as their top, which only ours do."""
    _containers: dict[tuple[str, str], Place] = field(default_factory=dict[tuple[str, str], Place])
    _unknown: set[tuple[bool, str]] = field(default_factory=set[tuple[bool, str]])

    def of(self, *kinds: Kind) -> list[Definition]:
        return [found for found in self.paths.values() if found.kind in kinds]

    def add(self, name: str, private: bool, definition: Definition) -> None:
        """Tells where the name is taken already."""
        parameter = definition.kind == "parameter"
        path = f"{definition.container}.{name}" if definition.container else name
        node = definition.node
        other = self.paths.get((parameter, path)) or (None if private else self.public.get((parameter, name)))
        if not other:
            kept = names.decode(names.kept(node, names.NAME) or "") if node else None
            definition.name = kept if kept is not None else path if private else name
            other = None if parameter else self.names.get(definition.name)
        if other:
            where = self.wrongs.say(other.place, definition.place)
            self.wrongs.add(definition.place, f"{show(name)} is defined already, at {where}")
            return
        self.paths[parameter, path] = definition
        if not private:
            self.public[parameter, name] = definition
        if not parameter:
            self.names[definition.name] = definition

    def contain(self, path: str, place: Place, what: str) -> None:
        """A fault tree or component, or a common-cause group: no two have the same path."""
        if other := self._containers.get((what, path)):
            self.wrongs.add(place, f"{show(path)} is defined already, at {self.wrongs.say(other, place)}")
        self._containers.setdefault((what, path), place)

    def find(self, parameter: bool, name: str, container: str) -> Definition | None:
        """What a name or path means inside a container: what is nearest outwards, then what is public, then a path."""
        inside = container
        while inside:
            if found := self.paths.get((parameter, f"{inside}.{name}")):
                return found
            inside = inside.rpartition(".")[0]
        return self.public.get((parameter, name)) or self.paths.get((parameter, name))

    def lacks(self, parameter: bool, name: str, place: Place) -> None:
        """Tells, once for each name, that nothing defines it."""
        if (parameter, name) in self._unknown:
            self.wrongs.again()
            return
        self._unknown.add((parameter, name))
        near: list[str] = []
        if len(self._unknown) <= MAX_HINTS and len(self.paths) <= MAX_KNOWN:
            public = {id(one) for one in self.public.values()}
            near = [short for of, short in self.public if of == parameter]
            near += [path for (of, path), one in self.paths.items() if of == parameter and id(one) not in public]
        what = "parameter" if parameter else "gate or event"
        self.wrongs.add(place, f"no {what} {show(name)} is defined", name, near)


def collect(roots: Sequence[Node], wrongs: Wrongs) -> Model:
    """All that files which are read together define. Of what is wrong with that, `wrongs` is told."""
    model = Model(wrongs)
    for root in roots:
        for node in root.content:
            if node.tag == "define-fault-tree":
                _container(node, "", False, model)
            elif node.tag == "model-data":
                for child in node.content:
                    if child.tag in grammar.DEFINITIONS[1:]:
                        _define(child, "", False, model)
                    else:
                        grammar.unknown(child, f"<{node.tag}>", grammar.DEFINITIONS[1:], wrongs)
            elif node.tag == "define-CCF-group":
                _group(node, "", False, model)
            elif node.tag in grammar.PHASED:
                _phases(node, wrongs)
            elif node.tag not in grammar.PASSED:
                grammar.unknown(node, f"<{root.tag}>", grammar.TOPMOST, wrongs)
    return model


def _container(node: Node, outside: str, private: bool, model: Model) -> None:
    found = grammar.attributes(node, model.wrongs)
    name = _name(node, found, model.wrongs)
    path = f"{outside}.{name}" if outside else name
    model.contain(path, node.place, "container")
    if len(path) > MAX_PATH:
        model.wrongs.add(node.place, f"{show(path)}: a path of more than {MAX_PATH} letters")
        return
    private = (found or {}).get("role", "private" if private else "public") == "private"
    if top := names.kept(node, names.TOP):
        model.tops.append(top)
    for child in node.content:
        if child.tag == "define-component":
            _container(child, path, private, model)
        elif child.tag == "define-CCF-group":
            _group(child, path, private, model)
        elif child.tag in grammar.DEFINITIONS:
            _define(child, path, private, model)
        else:
            grammar.unknown(child, f"<{node.tag}>", grammar.CONTAINED, model.wrongs)


def _define(node: Node, container: str, private: bool, model: Model) -> None:
    found = grammar.attributes(node, model.wrongs)
    name = _name(node, found, model.wrongs)
    if not found or not name:
        return
    if not container and found.get("role") == "private":
        model.wrongs.add(node.place, f"{show(name)} is private, but in no fault tree or component")
    private = found.get("role", "private" if private else "public") == "private"
    kinds: dict[str, Kind] = {
        "define-gate": "gate",
        "define-basic-event": "basic-event",
        "define-house-event": "house-event",
        "define-parameter": "parameter",
    }
    made = Definition(kinds[node.tag], name, container, node.place, node, found.get("unit", ""))
    model.add(name, private, made)


def _group(node: Node, container: str, private: bool, model: Model) -> None:
    found = grammar.attributes(node, model.wrongs)
    name = _name(node, found, model.wrongs)
    if found and name:
        model.contain(f"{container}.{name}" if container else name, node.place, "group")
        model.groups.append(Group(name, found["model"], container, private, node))


def _name(node: Node, found: dict[str, str] | None, wrongs: Wrongs) -> str:
    """Of a definition; empty when it has none that is good, which is then told."""
    name = (found or {}).get("name", "")
    if "." in name:
        wrongs.add(node.place, f"{show(name)}: a dot is between the parts of a path, not in a name")
        return ""
    return name


def _phases(node: Node, wrongs: Wrongs) -> None:
    for phase in node.content:
        for instruction in phase.content:
            wrongs.add(instruction.place, f"phases that change the model (<{instruction.tag[:60]}>) are not supported")
