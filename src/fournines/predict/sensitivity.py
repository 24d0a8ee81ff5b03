"""Which rate matters most: the mean downtime at the low and the high end of each rate's range, all else as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fournines.predict.prediction import Prediction
from fournines.predict.rates import Rate


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a tornado chart; minutes a year."""

    kind: str
    what: str
    low: float
    """Of the range: failures a year, or the coverage."""
    high: float
    at_low: float
    at_high: float

    @property
    def width(self) -> float:
        return abs(self.at_high - self.at_low)


def sensitivities(prediction: Prediction) -> Sequence[Bar]:
    """The widest first; nothing of what has no range or makes no difference."""
    bars: list[Bar] = []
    for kind, rate in prediction.analysis.rates.items():
        low, high = rate.range
        if not rate.counted or low == high:
            continue
        at_low, at_high = (_minutes(prediction, _at(rate, value)) for value in (low, high))
        bars.append(Bar(kind, rate.what, low, high, at_low, at_high))
    return sorted((bar for bar in bars if bar.width > 1e-6), key=lambda bar: -bar.width)


def _at(rate: Rate, value: float) -> Rate:
    return replace(rate, coverage=value) if rate.kind == "failover" else replace(rate, per_year=value)


def _minutes(prediction: Prediction, rate: Rate) -> float:
    known = {**prediction.analysis.rates, rate.kind: rate}
    return Prediction(replace(prediction.analysis, rates=known), prediction.cloud).downtime_s / 60
