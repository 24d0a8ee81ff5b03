"""Time: one lane a probe, the fault and the heal marked, outages as shapes.

    ____|_____________:__________        | the fault, whole line    : the heal, dashed
    ____|==[####]==___:__________        # out for certain, high    = may have been out, low
    ____|==[####]==================>     end not seen: open at the edge

A lane stretches to any width (no text in it, lines keep theirs), so a phone and a page of paper show the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from fournines.prove.outages import Outage
from fournines.report.draw.svg import element, number, picture
from fournines.report.evidence import Measured

_WIDE, _HIGH = 1000, 20
_LEAST = 3.0
"""Of the width: what is shorter is still seen."""

Stretch = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Scale:
    """Seconds from the fault to a place in the width."""

    begin: float
    end: float

    @classmethod
    def of(cls, found: Measured) -> Scale:
        return cls(found.begin_s, max(found.end_s, found.begin_s + 1.0))

    def __call__(self, seconds: float) -> float:
        inside = min(max(seconds, self.begin), self.end)
        return (inside - self.begin) / (self.end - self.begin) * _WIDE


def lane(found: Measured, outages: Sequence[Outage], label: str) -> Markup:
    """One probe's, or that of several probes together."""
    scale = Scale.of(found)
    shapes: list[Markup] = [_line(scale, found)]
    shapes += [_block(scale, low, high, 7, 6, "maybe") for low, high in _merged(map(_maybe(found), outages))]
    certain = _merged((one.first_bad, one.first_bad + one.lower_s) for one in outages)
    shapes += [_block(scale, low, high, 3, 14, "sure") for low, high in certain]
    if any(one.next_good is None for one in outages):
        shapes.append(element("path", d=f"M{_WIDE - 14} 4L{_WIDE - 2} 10L{_WIDE - 14} 16", class_="open"))
    return picture(label, *shapes, class_="lane", viewBox=f"0 0 {_WIDE} {_HIGH}", preserveAspectRatio="none")


def axis(found: Measured) -> Markup:
    """What stands over the lanes: seconds, with the fault at 0."""
    scale = Scale.of(found)
    fault, heal = scale(0.0) / _WIDE * 100, scale(found.heal_s) / _WIDE * 100
    words = [element("text", "fault", x=f"{number(fault)}%", y=12, text_anchor="start", dx=2)]
    if heal - fault >= 18:
        side = "end" if heal > 70 else "start"
        words.append(
            element(
                "text",
                f"heal {found.heal_s:.0f} s",
                x=f"{number(heal)}%",
                y=12,
                text_anchor=side,
                dx=-2 if side == "end" else 2,
            )
        )
    if heal <= 70:
        words.append(element("text", f"{found.end_s:.0f} s", x="100%", y=12, text_anchor="end"))
    label = f"time from {found.begin_s:.0f} s: fault at 0 s, heal at {found.heal_s:.1f} s, end at {found.end_s:.0f} s"
    return picture(label, *words, class_="axis")


def _line(scale: Scale, found: Measured) -> Markup:
    fault, heal = number(scale(0.0)), number(scale(found.heal_s))
    return Markup("").join(
        (
            element("path", d=f"M0 10H{_WIDE}", class_="base"),
            element("path", d=f"M{fault} 0V{_HIGH}", class_="fault"),
            element("path", d=f"M{heal} 0V{_HIGH}", class_="heal"),
        )
    )


def _maybe(found: Measured) -> Callable[[Outage], Stretch]:
    def stretch(one: Outage) -> Stretch:
        low = found.begin_s if one.last_good is None else one.last_good
        return (low, found.end_s if one.next_good is None else one.next_good)

    return stretch


def _block(scale: Scale, low: float, high: float, top: int, height: int, kind: str) -> Markup:
    left, right = scale(low), scale(high)
    wide = max(_LEAST, right - left)
    return element("rect", x=float(min(left, _WIDE - wide)), y=top, width=float(wide), height=height, class_=kind)


def _merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Those that touch as one, in order."""
    found: list[Stretch] = []
    for low, high in sorted(stretches):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return found
