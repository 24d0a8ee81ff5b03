"""What was written down before each fault against what was measured after it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fournines.prove.outages import Bounds
from fournines.report.classes import ascending, percentile
from fournines.report.evidence import Drill


@dataclass(frozen=True, slots=True)
class Point:
    """One probe in one drill whose fault touches it."""

    drill: int
    probe: str
    predicted_s: float
    """What the configured timers allow at most."""
    lower_s: float
    upper_s: float | None
    """Of the worst outage after the fault, before the heal; None: its end was not seen."""

    @property
    def held(self) -> bool | None:
        """None: the measurement cannot tell."""
        return Bounds(self.lower_s, self.upper_s).within(self.predicted_s)


@dataclass(frozen=True, slots=True)
class Calibration:
    points: tuple[Point, ...]

    def count(self, held: bool | None) -> int:
        return sum(point.held is held for point in self.points)

    @property
    def ratio(self) -> float | None:
        """Median of measured to predicted, of the outages that there were; None: unknown, or none was seen."""
        seen = [one for one in self.points if one.upper_s != 0]
        return _median([None if one.upper_s is None else one.upper_s / one.predicted_s for one in seen])


def calibration(drills: Iterable[Drill]) -> Calibration:
    """Of all drills that count."""
    return Calibration(tuple(point for drill in drills if drill.counts for point in _points(drill)))


def _points(drill: Drill) -> Iterable[Point]:
    for probe in drill.measured.probes if drill.measured else ():
        predicted = drill.forecasts.get(probe.name)
        if predicted is not None:
            seen = probe.phases["fault"].outage
            yield Point(drill.number, probe.name, predicted, seen.lower_s, seen.upper_s)


def _median(values: Sequence[float | None]) -> float | None:
    return percentile(ascending(values), 0.5) if values else None
