"""Predictions made before drills against what was measured: for each probe of each drill the bound from the
configured timers and the worst outage until healing. As `fournines.prove.bounds` has it, an upper bound within the
prediction holds it, a lower bound above it breaks it, and in between the measurement cannot tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import Any

from fournines.posterior.figure import tidy
from fournines.posterior.observation import Observation
from fournines.prove.outages import Bounds


@dataclass(frozen=True, slots=True)
class Pair:
    """One probe of one drill; seconds."""

    drill: str
    fault: str
    probe: str
    predicted_s: float
    """0: nothing that it stands on was struck."""
    lower_s: float
    upper_s: float | None
    """None: unknown."""

    @property
    def held(self) -> bool | None:
        """None: the measurement cannot tell."""
        return Bounds(self.lower_s, self.upper_s).within(self.predicted_s)

    @property
    def ratio(self) -> float | None:
        """Measured upper bound over predicted; None where either says nothing."""
        return self.upper_s / self.predicted_s if self.upper_s is not None and self.predicted_s > 0 else None

    def as_json(self) -> Mapping[str, Any]:
        return {
            "drill": self.drill,
            "fault": self.fault,
            "probe": self.probe,
            "predicted_s": tidy(self.predicted_s),
            "lower_s": tidy(self.lower_s),
            "upper_s": None if self.upper_s is None else tidy(self.upper_s),
            "held": self.held,
        }


@dataclass(frozen=True)
class Calibration:
    pairs: tuple[Pair, ...]
    """Sorted by drill and probe. Of drills whose measurement counts."""

    @property
    def predicted(self) -> Sequence[Pair]:
        """Those that were to be out at all."""
        return [pair for pair in self.pairs if pair.predicted_s > 0]

    @property
    def held(self) -> int:
        return sum(pair.held is True for pair in self.predicted)

    @property
    def broken(self) -> int:
        return sum(pair.held is False for pair in self.predicted)

    @property
    def share(self) -> float | None:
        """Of what was predicted, how much was measured to be within. What cannot be told is not; None: no pairs."""
        return self.held / len(self.predicted) if self.predicted else None

    @cached_property
    def median_ratio(self) -> float | None:
        """Of measured upper bounds over predicted ones."""
        found = [ratio for pair in self.predicted if (ratio := pair.ratio) is not None]
        return median(found) if found else None

    @property
    def disturbed(self) -> int:
        """Pairs that were not to be out, and surely were."""
        return sum(pair.lower_s > 0 for pair in self.pairs if pair.predicted_s == 0)

    def as_json(self) -> Mapping[str, Any]:
        return {
            "predicted": len(self.predicted),
            "held": self.held,
            "broken": self.broken,
            "unclear": len(self.predicted) - self.held - self.broken,
            "share_held": None if self.share is None else tidy(self.share),
            "median_ratio": None if self.median_ratio is None else tidy(self.median_ratio),
            "spared": len(self.pairs) - len(self.predicted),
            "disturbed": self.disturbed,
            "pairs": [pair.as_json() for pair in self.pairs],
        }


def calibration(observations: Iterable[Observation]) -> Calibration:
    """Nothing of what has no bound or no measurement."""
    pairs = [
        Pair(each.drill, each.of.fault, each.probe, each.bound_s, each.after_fault.lower_s, each.after_fault.upper_s)
        for each in observations
        if each.bound_s is not None and each.after_fault is not None
    ]
    return Calibration(tuple(sorted(pairs, key=lambda pair: (pair.drill, pair.probe))))
