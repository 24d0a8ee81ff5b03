"""What matters most: the mean downtime at the low and the high end of each figure's range, how often something fails,
for how long, and what share of it in common with its likes, all else as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fournines.predict.prediction import Prediction
from fournines.predict.rates import Figure, Rate, ranges_of

_SAID: Mapping[Figure, tuple[float, str]] = {
    "per_year": (1, "a year"),
    "coverage": (100, "% work"),
    "repair_hours": (1, "h down"),
    "beta": (100, "% common"),
}
"""Factor and unit."""


def span(figure: Figure, low: float, high: float) -> str:
    """A range in words; nothing where its ends are one."""
    factor, unit = _SAID[figure]
    return f"{factor * low:g} - {factor * high:g} {unit}" if low != high else ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a tornado chart; minutes a year."""

    kind: str
    figure: Figure
    """Of that rate."""
    what: str
    low: float
    """Of the figure's range."""
    high: float
    at_low: float
    at_high: float

    @property
    def label(self) -> str:
        return f"{self.kind}: {span(self.figure, self.low, self.high)}"

    @property
    def width(self) -> float:
        return abs(self.at_high - self.at_low)


def sensitivities(prediction: Prediction) -> Sequence[Bar]:
    """The widest first; nothing of what has no range or makes no difference."""
    bars: list[Bar] = []
    for kind, rate in prediction.analysis.rates.items():
        for figure, name in ranges_of(kind).items() if rate.counted else ():
            low, high = getattr(rate, name)
            if low != high:
                at_low, at_high = (_minutes(prediction, replace(rate, **{figure: end})) for end in (low, high))
                bars.append(Bar(kind, figure, rate.what, low, high, at_low, at_high))
    return sorted((bar for bar in bars if bar.width > 1e-6), key=lambda bar: -bar.width)


def _minutes(prediction: Prediction, rate: Rate) -> float:
    known = {**prediction.analysis.rates, rate.kind: rate}
    return Prediction(replace(prediction.analysis, rates=known), prediction.cloud).downtime_s / 60
