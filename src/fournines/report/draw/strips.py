"""Seconds: each drill a dot, against what the class may cost and what the timers allow.

|o--O--o-oo---|-----------!          O the median    | the 95th percentile    ! the budget, a thick line
..............                       . a dashed rule: what the timers allow
"""

from __future__ import annotations

from collections import Counter

from markupsafe import Markup

from fournines.report.classes import FaultClass, ProbeClass
from fournines.report.draw.svg import element, number, picture
from fournines.report.words import seconds, span

_ROOM = 94.0
"""Percent of the width for numbers; the rest is for what has no end."""
_HIGH = 26


def strip(probe: ProbeClass, fault_class: FaultClass) -> Markup:
    """One probe's row. All rows of a class have one scale, linear, from 0."""
    most = fault_class.most

    def x(value: float | None) -> str:
        return f"{number(2 + (_ROOM - 2) * min(value, most) / most if value is not None else 98.0)}%"

    shapes = [element("line", x1="2%", x2=f"{_ROOM:g}%", y1=13, y2=13, class_="base")]
    if probe.bounds:
        shapes.append(element("line", x1=x(0), x2=x(probe.bounds[1]), y1=22, y2=22, class_="bound"))
    if probe.budgets:
        budget = x(probe.budgets[0])
        shapes.append(element("line", x1=budget, x2=budget, y1=1, y2=25, class_="budget"))
    dots = Counter(x(value) for value in probe.values if value is not None)
    shapes += [element("circle", cx=place, cy=13, r=3, class_="dot") for place in sorted(dots, key=_percent)]
    if None in probe.values:
        shapes.append(element("text", "?", x=x(None), y=18, text_anchor="middle", class_="unseen"))
    if probe.median is not None:
        shapes.append(element("circle", cx=x(probe.median), cy=13, r=5.5, class_="median"))
    if probe.p95 is not None:
        shapes.append(element("line", x1=x(probe.p95), x2=x(probe.p95), y1=5, y2=21, class_="p95"))
    label = (
        f"{probe.name}: median {seconds(probe.median)}, 95th percentile {seconds(probe.p95)}, "
        f"worst {seconds(probe.worst)}, budget {span(probe.budgets)}, timers allow {span(probe.bounds)}"
    )
    return picture(label, *shapes, class_="strip", height=_HIGH)


def ruler(fault_class: FaultClass) -> Markup:
    """The scale of a class's strips."""
    most = fault_class.most
    return picture(
        f"scale from 0 to {most:.3g} s",
        element("text", "0 s", x="2%", y=12, text_anchor="start"),
        element("text", f"{most:.3g} s", x=f"{_ROOM:g}%", y=12, text_anchor="end"),
        class_="axis",
    )


def _percent(place: str) -> float:
    return float(place.rstrip("%"))
