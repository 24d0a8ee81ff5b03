"""Percentiles per class of fault, against budget and bound. Pure.

A percentile is the nearest rank: a value that was measured, never one between two. An outage whose end was not seen is
longer than any number, so a percentile can be unknown.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from fournines.prove.budgets import CLASSES
from fournines.prove.report import ProbeReport
from fournines.report.evidence import NOTHING, Drill, budget_kept

Span = tuple[float, float]
"""Least and most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeClass:
    """One probe in all drills of a class that count."""

    name: str
    values: tuple[float | None, ...]
    """Upper bounds of the worst outage of each drill, ascending, unknown ones (None) last. 0: none was seen."""
    budgets: Span | None
    """None: no number is set."""
    bounds: Span | None
    """What the timers allow; None: they allow nothing, or do not bound it."""
    over: int
    """Drills in which the budget was exceeded."""
    ratio: float | None
    """Median of measured (after the fault) to bound; None: no bound, or unknown."""

    @property
    def seen(self) -> int:
        """Drills with any outage."""
        return sum(value is None or value > 0 for value in self.values)

    @property
    def median(self) -> float | None:
        return percentile(self.values, 0.5)

    @property
    def p95(self) -> float | None:
        return percentile(self.values, 0.95)

    @property
    def worst(self) -> float | None:
        return self.values[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultClass:
    letter: str
    title: str
    faults: tuple[tuple[str, int], ...]
    """Fault, and in how many drills that count."""
    drills: int
    probes: tuple[ProbeClass, ...]

    @property
    def touched(self) -> tuple[ProbeClass, ...]:
        """Those with something to tell: an outage, or a bound that says that there may be one."""
        return tuple(probe for probe in self.probes if probe.seen or probe.bounds)

    @property
    def quiet(self) -> tuple[str, ...]:
        return tuple(probe.name for probe in self.probes if not probe.seen and not probe.bounds)

    @property
    def most(self) -> float:
        """Of all that is drawn, seconds."""
        shown = [value for probe in self.touched for value in probe.values if value is not None]
        shown += [span[1] for probe in self.touched for span in (probe.budgets, probe.bounds) if span]
        return max(shown, default=0.0) or 1.0


def percentile(ascending: Sequence[float | None], part: float) -> float | None:
    """Nearest rank. Of at least one value."""
    return ascending[max(0, math.ceil(part * len(ascending)) - 1)]


def classes(drills: Iterable[Drill]) -> tuple[FaultClass, ...]:
    """By letter; the one that injures nothing last. Only drills that count."""
    counting = sorted((drill for drill in drills if drill.counts), key=lambda drill: _order(drill.letter))
    return tuple(_class(letter, list(group)) for letter, group in groupby(counting, key=lambda drill: drill.letter))


def _order(letter: str) -> tuple[bool, str]:
    return (letter == NOTHING, letter or "~")


def _class(letter: str, drills: Sequence[Drill]) -> FaultClass:
    titles = {str(key): title for key, title in CLASSES.items()}
    names: dict[str, list[ProbeReport]] = {}
    for drill in drills:
        for probe in drill.measured.probes if drill.measured else ():
            names.setdefault(probe.name, []).append(probe)
    return FaultClass(
        letter=letter,
        title="nothing injured: the measurement's own noise" if letter == NOTHING else titles.get(letter, "no class"),
        faults=tuple(sorted(Counter(drill.kind for drill in drills).items())),
        drills=len(drills),
        probes=tuple(_probe(name, reports) for name, reports in names.items()),
    )


def _probe(name: str, reports: Sequence[ProbeReport]) -> ProbeClass:
    ratios = [
        None if (seen := one.phases["fault"].outage.upper_s) is None else seen / one.bound_s
        for one in reports
        if one.bound_s
    ]
    return ProbeClass(
        name=name,
        values=tuple(ascending(one.outage.upper_s for one in reports)),
        budgets=_span(one.budget_s for one in reports),
        bounds=_span(one.bound_s or None for one in reports),
        over=sum(budget_kept(one) is False for one in reports),
        ratio=percentile(ascending(ratios), 0.5) if ratios else None,
    )


def ascending(values: Iterable[float | None]) -> list[float | None]:
    """None, which is unknown, last."""
    return sorted(values, key=lambda value: math.inf if value is None else value)


def _span(values: Iterable[float | None]) -> Span | None:
    found = [value for value in values if value is not None]
    return (min(found), max(found)) if found else None
