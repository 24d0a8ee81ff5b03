"""An SVG element as text, with everything in it escaped."""

from __future__ import annotations

from markupsafe import Markup, escape

Value = str | float | int


def number(value: float) -> str:
    """At most one decimal: a tenth of a pixel is seen by nobody."""
    told = f"{value:.1f}".removesuffix(".0")
    return "0" if told == "-0" else told


def element(name: str, *children: Markup | str, **attributes: Value | None) -> Markup:
    """`class_` is class, `text_anchor` text-anchor; None leaves an attribute out. Strings are escaped, Markup is not.

    Names are written in this package, never read from evidence.
    """
    told = "".join(
        f' {key.strip("_").replace("_", "-")}="{escape(number(value) if isinstance(value, float) else value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = Markup("").join(children)
    whole = f"<{name}{told}>{inner}</{name}>" if inner else f"<{name}{told}/>"
    return Markup(whole)  # noqa: S704 - all that is in it was escaped above


def picture(label: str, *children: Markup | str, **attributes: Value | None) -> Markup:
    """An `<svg>` that says in words what it shows."""
    return element("svg", *children, role="img", aria_label=label, **attributes)
