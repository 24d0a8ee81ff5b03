"""Small pictures for legends: the shapes themselves, by the names of their classes."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from fournines.report.draw.scatter import head
from fournines.report.draw.svg import element

_LANE: Mapping[str, Markup] = {
    "sure": element("rect", x=10, y=3, width=44, height=14, class_="sure"),
    "maybe": element("rect", x=10, y=7, width=44, height=6, class_="maybe"),
    "fault": element("path", d="M32 0V20", class_="fault"),
    "heal": element("path", d="M32 0V20", class_="heal"),
    "open": element("rect", x=4, y=7, width=44, height=6, class_="maybe")
    + element("path", d="M48 4L60 10L48 16", class_="open"),
}
_STRIP: Mapping[str, Markup] = {
    "dot": element("circle", cx="50%", cy="50%", r=3, class_="dot"),
    "median": element("circle", cx="50%", cy="50%", r=5.5, class_="median"),
    "p95": element("line", x1="50%", x2="50%", y1="15%", y2="85%", class_="p95"),
    "budget": element("line", x1="50%", x2="50%", y1="2%", y2="98%", class_="budget"),
    "bound": element("line", x1="5%", x2="95%", y1="60%", y2="60%", class_="bound"),
}
_HEAD: Mapping[str, bool | None] = {"held": True, "longer": False, "untold": None}


def key(name: str) -> Markup:
    """The word beside it says what it is."""
    if name in _LANE:
        return element(
            "svg", _LANE[name], class_="lane", viewBox="0 0 64 20", preserveAspectRatio="none", aria_hidden="true"
        )
    if name in _HEAD:
        return element(
            "svg", element("path", d=head(_HEAD[name], 8, 8), class_=name), class_="scatter", aria_hidden="true"
        )
    return element("svg", _STRIP[name], class_="strip", aria_hidden="true")
