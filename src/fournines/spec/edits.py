"""What `--set PATH=VALUE` changes in a document: "what if", without another file.

PATH is keys joined by dots, as in `hosts.net3.rack`; a range is written as in the file, or without when it means one of
those that the range stands for. VALUE is YAML, ranges and all; an empty one takes the key out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fournines.spec.compose import compose
from fournines.spec.document import Entry, Mapping, Node, Scalar
from fournines.spec.problems import Mark, Problem, Problems, show
from fournines.spec.tokens import tokens

_KEY = re.compile(r"((?:[^.\[=]|\[[^\]=]*\])+)(?:\.|$)")
"""Dots inside of a range are its own."""


@dataclass(frozen=True, slots=True)
class Edit:
    text: str
    """As it was given."""
    path: tuple[str, ...]
    value: Node | None
    """None: take it out."""


def parse(texts: Iterable[str]) -> tuple[Edit, ...]:
    """Raises Problems, one for each that cannot be read."""
    edits: list[Edit] = []
    problems: list[Problem] = []
    for text in texts:
        try:
            edits.append(_parse(text))
        except Problems as wrong:
            told = wrong.problems[0].text
            problems.append(Problem(Mark(1, 1), f"--set {show(text)}: {told}"))
    if problems:
        raise Problems(problems)
    return tuple(edits)


def _parse(text: str) -> Edit:
    path, equals, value = text.partition("=")
    keys = tuple(_KEY.findall(path))
    if not equals or not keys or sum(map(len, keys)) + len(keys) - 1 != len(path):
        raise Problems([Problem(Mark(1, 1), "expected PATH=VALUE, such as hosts.c3.rack=r2")])
    if not value.strip():
        return Edit(text, keys, None)
    # On lines of its own, so that braces and ranges inside them are as in a file.
    root, wrong = compose(tokens(f"value: {value}\n".encode("utf-8", "surrogatepass")))
    if wrong or set(root.entries) != {"value"}:
        raise Problems(wrong[:1] or [Problem(Mark(1, 1), "the value is not one YAML value")])
    return Edit(text, keys, root.entries["value"].value)


def early(root: Mapping, edit: Edit) -> bool:
    """Whether the edit is of the document as it is written: not of one host of those that a range stands for."""
    section, *rest = edit.path
    node = root.entries.get(section)
    if section not in ("racks", "hosts") or node is None or not rest or not isinstance(node.value, Mapping):
        return True
    return rest[0] in node.value.entries or "[" in rest[0]


def apply(root: Mapping, edits: Sequence[Edit]) -> Mapping:
    """The document with these changes, the last one winning. What is new has its parent's place.

    Raises Problems where a path leads through something that has no keys, or what is to go is not there.
    """
    for edit in edits:
        root = _put(root, edit, edit.path)
    return root


def _put(node: Mapping, edit: Edit, path: tuple[str, ...]) -> Mapping:
    key, *rest = path
    entry = node.entries.get(key)
    entries = dict(node.entries)
    if not rest:
        if edit.value is None:
            if entry is None:
                raise Problems([Problem(node.mark, f"--set {show(edit.text)}: there is no {show(key)} to take out")])
            del entries[key]
        else:
            mark = entry.key if entry else node.mark
            entries[key] = Entry(mark, _moved(edit.value, mark))
        return Mapping(entries, node.mark)
    below = entry.value if entry else Mapping({}, node.mark)
    if isinstance(below, Scalar) and below.text is None:
        below = Mapping({}, below.mark)
    if not isinstance(below, Mapping):
        raise Problems([Problem(below.mark, f"--set {show(edit.text)}: {show(key)} has no keys below it")])
    entries[key] = Entry(entry.key if entry else node.mark, _put(below, edit, tuple(rest)))
    return Mapping(entries, node.mark)


def _moved(node: Node, mark: Mark) -> Node:
    """The same at another place: an edit has none of its own in the file."""
    if isinstance(node, Scalar):
        return Scalar(node.text, mark)
    if isinstance(node, Mapping):
        return Mapping({key: Entry(mark, _moved(entry.value, mark)) for key, entry in node.entries.items()}, mark)
    return type(node)(tuple(_moved(item, mark) for item in node.items), mark)
