"""A YAML document as a tree in which every value and every key knows its line and column.

Scalars stay text, as written: the models decide what is a number, so that `no`, `010` or `1e3` are never something
else than the operator wrote. Only an empty value, `~` and `null` are None.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from fournines.spec.problems import Mark


@dataclass(frozen=True, slots=True)
class Scalar:
    text: str | None
    mark: Mark


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Node, ...]
    mark: Mark


class Entry(NamedTuple):
    key: Mark
    value: Node

    @property
    def empty(self) -> bool:
        """Written without a value, which is as if it was not written."""
        return isinstance(self.value, Scalar) and self.value.text is None


@dataclass(frozen=True, slots=True)
class Mapping:
    entries: dict[str, Entry]
    mark: Mark


Node = Scalar | Sequence | Mapping
Loc = tuple[str | int, ...]
"""Keys and list positions from the root of a document down to a value."""


def at(node: Node | None, *keys: str) -> Node | None:
    """The value below some keys; None when there is none."""
    for key in keys:
        entry = node.entries.get(key) if isinstance(node, Mapping) else None
        node = entry.value if entry else None
    return node


def entries(node: Node | None) -> dict[str, Entry]:
    """The entries of a mapping; none of anything else."""
    return node.entries if isinstance(node, Mapping) else {}


def text(node: Node | None) -> str | None:
    """The text of a scalar; None of anything else."""
    return node.text if isinstance(node, Scalar) else None


def words(node: Node | None) -> Iterator[tuple[str, Mark]]:
    """Each text of a scalar or of a list of scalars, with its place; nothing of anything else."""
    for item in node.items if isinstance(node, Sequence) else (node,):
        if isinstance(item, Scalar) and item.text is not None:
            yield item.text, item.mark


def plain(node: Node) -> object:
    """The tree as dict, list, str and None."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key: plain(entry.value) for key, entry in node.entries.items()}


def trail(root: Node, loc: Loc) -> Loc:
    """The parts of `loc` that the document has."""
    found: list[str | int] = []
    node = root
    for part in loc:
        if isinstance(node, Mapping) and part in node.entries:
            node = node.entries[str(part)].value
        elif isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
        else:
            continue
        found.append(part)
    return tuple(found)


def place(root: Node, loc: Loc, *, key: bool = False) -> Mark:
    """Where a value (or with `key` its key) stands. Parts of `loc` that the document does not have are passed over."""
    node, key_mark = root, root.mark
    for part in trail(root, loc):
        if isinstance(node, Mapping):
            key_mark, node = node.entries[str(part)]
        elif isinstance(node, Sequence) and isinstance(part, int):
            node = node.items[part]
            key_mark = node.mark
    return key_mark if key else node.mark
