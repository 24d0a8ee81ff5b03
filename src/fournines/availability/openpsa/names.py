"""Names that other tools accept for ours, and how a file keeps what they would refuse.

The standard recommends names of letters, digits, `_` and single `-` between them; SCRAM demands them. What ours have
beyond that is kept in attributes, which other tools pass over: a name of its own, a gate's own formula, the top.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from fournines.availability.openpsa.nodes import Node

NAME = "fournines-name"
"""Of a gate or event: its name here, as in JSON without the quotes."""
FORMULA = "fournines-formula"
"""Of a gate: kind, least and most; or `event`, where it only stands for a top that is a basic event."""
TOP = "fournines-top"
"""Of a fault tree: the top gate's name in the file."""

_GOOD = re.compile("[A-Za-z_][A-Za-z0-9_]*(-[A-Za-z0-9_]+)*")


class Free:
    """Names that are not taken yet."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)
        self._last: dict[str, int] = {}

    def take(self, base: str) -> str:
        """`base`, or the first of base-2, base-3, ... that is free; from now on it is taken."""
        name, number = base, self._last.get(base, 1)
        while name in self._taken:
            number += 1
            name = f"{base}-{number}"
        self._last[base] = number
        self._taken.add(name)
        return name


def identifiers(names: Iterable[str]) -> dict[str, str]:
    """Name -> one that every tool accepts. Good ones stay; others come as near as they can; no two are the same."""
    wanted = list(dict.fromkeys(names))
    found = {name: name for name in wanted if _GOOD.fullmatch(name)}
    free = Free(found)
    for name in wanted:
        if name not in found:
            base = "-".join(re.findall("[A-Za-z0-9_]+", name)) or "_"
            found[name] = free.take(base if _GOOD.fullmatch(base) else f"_{base}")
    return found


def encode(name: str) -> str:
    """Any text as printable ASCII, not empty, without spaces at its ends: those may be trimmed."""
    text = json.dumps(name)[1:-1].replace("\x7f", "\\u007f")
    if text.strip(" ") != text:
        text = text.replace(" ", "\\u0020")
    return text or '""'


def decode(text: str) -> str | None:
    """What `encode` made, or None where it did not make that."""
    try:
        name: object = json.loads(text if text == '""' else f'"{text}"')
    except ValueError:
        return None
    return name if isinstance(name, str) and encode(name) == text else None


def kept(node: Node, attribute: str) -> str | None:
    """The value of one of a definition's attributes (not XML's, the standard's)."""
    for child in node.children:
        if child.tag == "attributes":
            for entry in child.children:
                if entry.attributes.get("name") == attribute:
                    return entry.attributes.get("value")
    return None
