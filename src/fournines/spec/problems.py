"""What is wrong with a cloud file, where, and which name was perhaps meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from fournines.errors import SpecError


class Mark(NamedTuple):
    """A place in the file, both from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    mark: Mark
    text: str
    word: str = ""
    """An unknown name, for which the nearest of `known` is suggested."""
    known: Sequence[str] = ()


class Problems(Exception):  # noqa: N818 - the loader turns it into the SpecError that users see
    """Reading cannot go on."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems)
        self.problems = problems


def show(text: str) -> str:
    """Text of the operator's for a message: on one line, quoted, printable, at most about 60 characters."""
    return repr(text if len(text) <= 60 else text[:57] + "...")


def suggest(word: str, known: Sequence[str]) -> str:
    """The end of a sentence about an unknown word: the nearest known one, else all of them when they are few."""
    if not known:
        return ""
    if len(word) <= 60:
        lower = {name.lower(): name for name in reversed(known)}
        if near := difflib.get_close_matches(word.lower(), lower, n=1, cutoff=0.5):
            return f"; did you mean {lower[near[0]]}?"
    few = ", ".join(known[:12])
    return f"; there is {few}" + (", ..." if len(known) > 12 else "")


MAX_SUGGESTIONS = 200
MAX_TEXT = 400


def spec_error(path: Path, problems: Iterable[Problem]) -> SpecError:
    """One SpecError for all problems, in the order of the file.

    What differs only in its digits at one place is one mistake that a range multiplied, and is told once.
    """
    name = str(path).encode("utf-8", "backslashreplace").decode()
    name = name if name.isprintable() else repr(name)
    first: dict[tuple[Mark, str], Problem] = {}
    count: dict[tuple[Mark, str], int] = {}
    for problem in sorted(problems, key=lambda problem: problem.mark):
        same = problem.mark, re.sub(r"[0-9]+", "0", problem.text)
        first.setdefault(same, problem)
        count[same] = count.get(same, 0) + 1
    lines: list[str] = []
    for same, problem in first.items():
        # Looking for near names takes time: not for the thousandth unknown one.
        text = problem.text + (suggest(problem.word, problem.known) if len(lines) < MAX_SUGGESTIONS else "")
        more = f" (and {count[same] - 1} more like it)" if count[same] > 1 else ""
        text = "".join(char if char.isprintable() else repr(char)[1:-1] for char in text[:MAX_TEXT])
        lines.append(f"{name}:{problem.mark.line}:{problem.mark.column}: {text}{more}")
    return SpecError("\n".join(lines))
