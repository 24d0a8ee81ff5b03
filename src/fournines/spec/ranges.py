"""Ranges: `c[1-3]` stands for c1, c2 and c3; `[01-12]` keeps its zeros.

A range in the name of a host or rack makes one of each number. Ranges in its values go in step and must be as long.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from fournines.spec.compose import MAX_NODES
from fournines.spec.document import Entry, Mapping, Node, Scalar, Sequence, at
from fournines.spec.problems import Mark, Problem, Problems, show

RANGE = re.compile(r"\[([0-9]+)-([0-9]+)\]")
MAX_LENGTH = 5000


def expand(root: Mapping) -> tuple[Mapping, list[Problem]]:
    """The document with every range under `hosts` and `racks` written out; places stay those of the range.

    Raises Problems when that is more than MAX_NODES values.
    """
    expander = _Expander()
    sections = dict(root.entries)
    for section in ("racks", "hosts"):
        node = at(root, section)
        if isinstance(node, Mapping):
            sections[section] = Entry(root.entries[section].key, expander.section(section, node))
    return Mapping(sections, root.mark), expander.problems


@dataclass(slots=True)
class _Expander:
    problems: list[Problem] = field(default_factory=list[Problem])
    nodes: int = 0

    def section(self, section: str, node: Mapping) -> Mapping:
        found: dict[str, Entry] = {}
        for key, (mark, value) in node.entries.items():
            before = len(self.problems)
            names = self.numbers(key, mark)
            # Beside a bad range in the name, the length of those in the values says nothing.
            told = "" if len(self.problems) > before else key
            for name, variant in zip(names, self.variants(value, len(names), told), strict=True):
                if name in found:
                    line = found[name].key.line
                    self.wrong(mark, f"{section}.{name[:60]} is declared twice: here and at line {line}")
                else:
                    found[name] = Entry(mark, variant)
        return Mapping(found, node.mark)

    def wrong(self, mark: Mark, text: str) -> None:
        self.problems.append(Problem(mark, text))

    def numbers(self, text: str, mark: Mark) -> list[str]:
        """The texts that a text with ranges stands for, several ranges in step. A bad range gives the text itself."""
        parts = RANGE.split(text)
        if len(parts) == 1:
            return [text]
        columns: list[list[str]] = []
        for low, high in zip(parts[1::3], parts[2::3], strict=True):
            if max(len(low), len(high)) > 9 or int(high) - int(low) >= MAX_LENGTH:
                self.wrong(mark, f"the range in {show(text)} is longer than {MAX_LENGTH}")
                return [text]
            if int(high) < int(low):
                self.wrong(mark, f"the range in {show(text)} ends before it begins")
                return [text]
            columns.append([str(number).zfill(len(low)) for number in range(int(low), int(high) + 1)])
        if len({len(column) for column in columns}) > 1:
            self.wrong(mark, f"the ranges in {show(text)} differ in length")
            return [text]
        first, *literals = parts[0::3]
        return [
            first + "".join(number + literal for number, literal in zip(row, literals, strict=True))
            for row in zip(*columns, strict=True)
        ]

    def variants(self, node: Node, length: int, name: str) -> list[Node]:
        """`length` copies of a node, its ranges in step; a node without ranges is shared by all.

        With an empty name ranges of another length are not told.
        """
        self.nodes += length
        if self.nodes > MAX_NODES:
            raise Problems([Problem(node.mark, f"more than {MAX_NODES} values (ranges expanded)")])
        if isinstance(node, Scalar):
            return list(self.scalars(node, length, name))
        if isinstance(node, Sequence):
            columns = [self.variants(item, length, name) for item in node.items]
            if all(column[0] is item for column, item in zip(columns, node.items, strict=True)):
                return [node] * length
            return [Sequence(tuple(column[i] for column in columns), node.mark) for i in range(length)]
        entries = node.entries
        columns = [self.variants(entry.value, length, name) for entry in entries.values()]
        if all(column[0] is entry.value for column, entry in zip(columns, entries.values(), strict=True)):
            return [node] * length
        return [
            Mapping(
                {
                    key: Entry(entry.key, column[i])
                    for (key, entry), column in zip(entries.items(), columns, strict=True)
                },
                node.mark,
            )
            for i in range(length)
        ]

    def scalars(self, node: Scalar, length: int, name: str) -> list[Scalar]:
        if node.text is None or not RANGE.search(node.text):
            return [node] * length
        before = len(self.problems)
        texts = self.numbers(node.text, node.mark)
        if len(texts) != length and name and len(self.problems) == before:
            what = f"{length} long" if RANGE.search(name) else "without a range"
            self.wrong(
                node.mark, f"the range in {show(node.text)} is {len(texts)} long, but the name {show(name)} is {what}"
            )
        return [Scalar(texts[i % len(texts)], node.mark) for i in range(length)]
