"""How long clients of one column waited in drills of one class: the charged upper bounds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np

from fournines.availability.coverage import coverage
from fournines.cloud.columns import Column
from fournines.posterior.figure import Figure, generator, tidy
from fournines.posterior.observation import Class
from fournines.posterior.trial import Trial

PERCENTILES = (50, 90, 95)
RESAMPLED = 1000


@dataclass(frozen=True, slots=True)
class Recovery:
    """Each drill counts once, with the worst of the column's probes."""

    column: Column
    seconds: tuple[float, ...]
    """Sorted, of the drills that recovered; worst outage of each."""
    percentiles: Mapping[int, Figure]
    """Seconds that so many in 100 of those stay within, each one that was measured; intervals by bootstrap. Empty where
    nothing was measured."""
    failed: int
    """Drills that did not recover: within no budget, and in no percentile."""
    unknown: int
    """Drills of which that, or how long, is not known: in nothing here."""
    budget_s: float | None
    """The tightest one, None where any of them had none."""
    bound_s: float | None
    """The widest one, None where any of them had none."""
    within: int | None
    """Of `seconds`, those within the budget."""

    @property
    def share(self) -> Figure | None:
        """Of drills that are known, those within the budget (Jeffreys)."""
        if self.within is None:
            return None
        known = len(self.seconds) + self.failed
        found = coverage(known, known - self.within)
        return Figure(found.mean, found.low, found.high)

    def as_json(self) -> Mapping[str, Any]:
        share = self.share
        return {
            "column": self.column,
            "seconds": [tidy(each) for each in self.seconds],
            "percentiles": {f"p{at}": figure.as_json() for at, figure in self.percentiles.items()},
            "failed": self.failed,
            "unknown": self.unknown,
            "budget_s": self.budget_s,
            "bound_s": None if self.bound_s is None else tidy(self.bound_s),
            "within_budget": self.within,
            "share_within_budget": None if share is None else share.as_json(),
        }


def recoveries(of: Class, trials: Sequence[Trial], seed: int) -> Sequence[Recovery]:
    """Of one class's trials, one for each column that a probe of them has."""
    there = {each.column for trial in trials for each in trial.seen}
    columns: tuple[Column, ...] = get_args(Column)
    return [_recovery(of, column, trials, seed) for column in columns if column in there]


def _recovery(of: Class, column: Column, trials: Sequence[Trial], seed: int) -> Recovery:
    seconds: list[float] = []
    failed = unknown = 0
    seen = [each for trial in trials for each in trial.by(column)]
    for trial in trials:
        probes = trial.by(column)
        said = {each.recovered for each in probes}
        uppers = [each.outage.upper_s if each.outage else None for each in probes]
        known = [each for each in uppers if each is not None]
        if False in said:
            failed += 1
        elif said != {True} or len(known) < len(uppers):
            unknown += 1
        else:
            seconds.append(max(known))
    seconds.sort()
    budgets = [each.budget_s for each in seen]
    bounds = [each.bound_s for each in seen]
    numbers = [each for each in budgets if each is not None]
    budget = min(numbers) if len(numbers) == len(budgets) else None
    widest = [each for each in bounds if each is not None]
    return Recovery(
        column,
        tuple(seconds),
        _percentiles(seconds, seed, of, column),
        failed,
        unknown,
        budget,
        max(widest) if len(widest) == len(bounds) else None,
        None if budget is None else sum(each <= budget for each in seconds),
    )


def _percentiles(seconds: Sequence[float], seed: int, of: Class, column: str) -> Mapping[int, Figure]:
    if not seconds:
        return {}
    rng = generator(seed, "recovery", of.fault, *of.roles, of.configuration, of.fidelity, of.connections, column)
    size = len(seconds)
    drawn = np.sort(np.array(seconds)[rng.integers(size, size=(RESAMPLED, size))], axis=1)
    found: dict[int, Figure] = {}
    for at in PERCENTILES:
        place = math.ceil(at * size / 100) - 1
        here, around = seconds[place], Figure.of(drawn[:, place])
        found[at] = Figure(here, min(here, around.low), max(here, around.high))
    return found
