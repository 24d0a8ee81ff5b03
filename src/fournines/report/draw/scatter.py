"""Predicted against measured, both in seconds, both logarithmic: on the line is as predicted, under it sooner.

A head stands at the upper bound of the outage, and says by its shape, not by colour alone, what came of it: a bar
(held), a cross (longer than the timers allow; a stroke leads to the lower bound), an arrow (cannot be told).
Points with the same prediction are spread sideways a little, the longest last, for they would hide each other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from fournines.report.draw.svg import element, number, picture
from fournines.report.forecast import Calibration, Point

_SIZE, _LEFT, _BOTTOM, _EDGE = 400, 44, 42, 12
_SPREAD = 22.0
"""Sideways at most, to both sides together."""
_KINDS = ((True, "held"), (None, "untold"), (False, "longer"))


@dataclass(frozen=True, slots=True)
class _Scale:
    """Both axes: seconds, whole powers of ten at the ends. What is shorter lies on the lower end."""

    low: int
    high: int

    @classmethod
    def of(cls, points: Iterable[Point]) -> _Scale:
        shown = [value for one in points for value in (one.predicted_s, one.lower_s, one.upper_s or 0.0)]
        high = math.ceil(math.log10(max([10.0, *shown])))
        low = math.floor(math.log10(min([1.0, *(one.predicted_s for one in points)])))
        return cls(max(low, -2), min(high, 5))

    def part(self, value: float) -> float:
        if value <= 10.0**self.low:
            return 0.0
        return min(1.0, (math.log10(value) - self.low) / (self.high - self.low))

    def x(self, value: float) -> float:
        return _LEFT + self.part(value) * (_SIZE - _LEFT - _EDGE)

    def y(self, value: float | None) -> float:
        part = 1.0 if value is None else self.part(value)
        return _SIZE - _BOTTOM - part * (_SIZE - _BOTTOM - _EDGE)


def scatter(found: Calibration) -> Markup:
    scale = _Scale.of(found.points)
    placed = list(_placed(found.points, scale))
    shapes = [_grid(scale), _diagonal(scale)]
    for held, kind in _KINDS:
        here = [(x, one) for x, one in placed if one.held is held]
        if held is False:
            stems = (f"M{number(x)} {number(scale.y(one.lower_s))}V{number(scale.y(one.upper_s))}" for x, one in here)
            shapes.append(element("path", d="".join(stems), class_=f"{kind} stem"))
        shapes.append(element("path", d="".join(head(held, x, scale.y(one.upper_s)) for x, one in here), class_=kind))
    label = (
        f"{len(found.points)} predictions against measurements: {found.count(True)} held, "
        f"{found.count(False)} longer than predicted, {found.count(None)} cannot be told"
    )
    return picture(label, *shapes, class_="scatter", viewBox=f"0 0 {_SIZE} {_SIZE}")


def head(held: bool | None, x: float, y: float) -> str:
    """The path of a point's upper end."""
    left, right = number(x - 3), number(x + 3)
    up, down = number(y - 3), number(y + 3)
    if held is True:
        return f"M{left} {number(y)}H{right}"
    if held is False:
        return f"M{left} {up}L{right} {down}M{left} {down}L{right} {up}"
    return f"M{left} {down}L{number(x)} {up}L{right} {down}"


def _placed(points: Iterable[Point], scale: _Scale) -> Iterator[tuple[float, Point]]:
    """Each with its place on the axis."""

    def size(one: Point) -> tuple[float, float, int, str]:
        return (math.inf if one.upper_s is None else one.upper_s, one.lower_s, one.drill, one.probe)

    def place(one: Point) -> int:
        return round(scale.x(one.predicted_s) / _SPREAD)

    for _, group in groupby(sorted(points, key=lambda one: (place(one), size(one))), key=place):
        here = list(group)
        middle = sum(scale.x(one.predicted_s) for one in here) / len(here)
        step = min(6.0, _SPREAD / max(1, len(here) - 1))
        for rank, one in enumerate(here):
            yield middle + (rank - (len(here) - 1) / 2) * step, one


def _grid(scale: _Scale) -> Markup:
    parts: list[Markup] = []
    for power in range(scale.low, scale.high + 1):
        x, y = scale.x(10.0**power), scale.y(10.0**power)
        line = f"M{number(x)} {_EDGE}V{_SIZE - _BOTTOM}M{_LEFT} {number(y)}H{_SIZE - _EDGE}"
        anchor = "end" if power == scale.high else "middle"
        parts.append(element("path", d=line, class_="grid"))
        if power < scale.high:
            parts += [_minor(scale, factor * 10.0**power) for factor in (2, 5)]
        parts.append(element("text", f"{10.0**power:g}", x=x, y=_SIZE - _BOTTOM + 16, text_anchor=anchor))
        parts.append(element("text", f"{10.0**power:g}", x=_LEFT - 7, y=y + 4, text_anchor="end"))
    side = element("text", "measured, s", transform=f"translate(11 {_SIZE - _BOTTOM}) rotate(-90)")
    return Markup("").join(
        (
            *parts,
            element("text", "predicted: the timers allow, s", x=_SIZE - _EDGE, y=_SIZE - 6, text_anchor="end"),
            side,
        )
    )


def _minor(scale: _Scale, value: float) -> Markup:
    x, y = number(scale.x(value)), number(scale.y(value))
    line = f"M{x} {_EDGE}V{_SIZE - _BOTTOM}M{_LEFT} {y}H{_SIZE - _EDGE}"
    words = element("text", f"{value:g}", x=x, y=_SIZE - _BOTTOM + 16, text_anchor="middle")
    words += element("text", f"{value:g}", x=_LEFT - 7, y=scale.y(value) + 4, text_anchor="end")
    return element("path", d=line, class_="grid minor") + words


def _diagonal(scale: _Scale) -> Markup:
    least, most = 10.0**scale.low, 10.0**scale.high
    line = f"M{number(scale.x(least))} {number(scale.y(least))}L{number(scale.x(most))} {number(scale.y(most))}"
    near = 10 ** (scale.low + (scale.high - scale.low) * 0.82)
    words = element(
        "text", "as predicted", x=scale.x(near) - 10, y=scale.y(near) - 4, text_anchor="end", class_="equal"
    )
    return element("path", d=line, class_="equal") + words
