"""How findings name many things in few words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_MOST = 4
"""So many names are written out."""


def listed(names: Iterable[str], most: int = _MOST) -> str:
    """`a, b and c`; more than `most` as ranges of the cloud file, `cmp[1-100]`, and what is left over as a number."""
    words = list(dict.fromkeys(names))
    if len(words) > most:
        ranges = _ranges(words)
        if len(ranges) > most:
            shown = ranges[: most - 1]
            left = len(words) - sum(number for _, number in shown)
            return f"{', '.join(text for text, _ in shown)} and {left} more"
        words = [text for text, _ in ranges]
    return " and ".join([", ".join(words[:-1]), *words[-1:]] if len(words) > 1 else words)


def verb(names: Sequence[object], one: str, many: str) -> str:
    """The word that suits one or several."""
    return one if len(names) == 1 else many


def _ranges(names: Sequence[str]) -> list[tuple[str, int]]:
    """Neighbours that count on are one range. (text, how many names it stands for)."""
    runs: list[list[str]] = []
    for name in names:
        if runs and _next(runs[-1][-1]) == name:
            runs[-1].append(name)
        else:
            runs.append([name])
    found: list[tuple[str, int]] = []
    for run in runs:
        if len(run) < 3:
            found += [(name, 1) for name in run]
        else:
            stem, first = _split(run[0])
            found.append((f"{stem}[{first}-{_split(run[-1])[1]}]", len(run)))
    return found


def _split(name: str) -> tuple[str, str]:
    digits = re.search(r"[0-9]*$", name)
    number = digits.group() if digits else ""
    return name[: len(name) - len(number)], number


def _next(name: str) -> str | None:
    """The name with the next number at its end, written as a range would; None where it ends in none."""
    stem, number = _split(name)
    return f"{stem}{int(number) + 1:0{len(number)}d}" if number else None
