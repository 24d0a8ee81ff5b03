"""A tornado chart of sensitivities, as text for terminals and as SVG for pages. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from fournines.predict.sensitivity import Bar

_LABEL, _FIGURE, _PLOT, _ROW, _TOP = 180, 60, 400, 26, 84
"""Pixels: room for names, for a figure on each side of the bars, for bars, of one bar's line, above the first."""


def text(bars: Sequence[Bar], now: float, width: int = 80) -> list[str]:
    """Lines: a bar from the minutes a year at one end of the range to those at the other; `|` is today's figure."""
    if not bars:
        return ["no figure with a range makes a difference"]
    names = [bar.label for bar in bars]
    label = max(map(len, names))
    room = max(10, width - label - 2 * 9 - 2)
    least = min(min(bar.at_low, bar.at_high) for bar in bars)
    most = max(max(bar.at_low, bar.at_high) for bar in bars)

    def column(minutes: float) -> int:
        return round((minutes - least) / ((most - least) or 1) * (room - 1))

    lines: list[str] = []
    for name, bar in zip(names, bars, strict=True):
        low, high = sorted((bar.at_low, bar.at_high))
        cells = [" "] * room
        for cell in range(column(low), column(high) + 1):
            cells[cell] = "="
        cells[column(min(max(now, least), most))] = "|"
        lines.append(f"{name:<{label}} {low:8.1f} {''.join(cells)} {high:8.1f}".rstrip())
    return lines


def svg(bars: Sequence[Bar], now: float, title: str) -> str:
    """A picture of its own: 700 pixels wide, readable in black and white."""
    least = min([min(bar.at_low, bar.at_high) for bar in bars] + [now])
    most = max([max(bar.at_low, bar.at_high) for bar in bars] + [now])
    width, height = _LABEL + 2 * _FIGURE + _PLOT, _TOP + _ROW * max(1, len(bars)) + 14

    def x(minutes: float) -> float:
        return _LABEL + _FIGURE + (minutes - least) / ((most - least) or 1) * _PLOT

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" font-family="sans-serif" font-size="12" fill="#222">',
        f"<title>{escape(title)}</title>",
        f'<rect width="100%" height="100%" fill="#fff"/><text x="10" y="22" font-size="15">{escape(title)}</text>',
        '<text x="10" y="42" fill="#666">minutes a year at each end of the range of one figure, else as it is</text>',
    ]
    for number, bar in enumerate(bars):
        y = _TOP + number * _ROW
        low, high = sorted((bar.at_low, bar.at_high))
        left, right = x(low), x(high)
        name = escape(bar.label)
        parts += [
            f'<text x="{_LABEL - 8}" y="{y + 13}" text-anchor="end">{name}</text>',
            f'<rect x="{left:.1f}" y="{y}" width="{max(1.0, right - left):.1f}" height="{_ROW - 8}" fill="#4a7fb5">'
            f"<title>{escape(bar.what)}: {low:.2f} to {high:.2f} minutes</title></rect>",
            f'<text x="{left - 5:.1f}" y="{y + 13}" text-anchor="end">{low:.1f}</text>',
            f'<text x="{max(left + 1, right) + 5:.1f}" y="{y + 13}">{high:.1f}</text>',
        ]
    if not bars:
        parts.append(f'<text x="10" y="{_TOP + 13}">no figure with a range makes a difference</text>')
    bottom = _TOP + _ROW * max(1, len(bars)) + 4
    parts.append(
        f'<line x1="{x(now):.1f}" y1="{_TOP - 6}" x2="{x(now):.1f}" y2="{bottom}" stroke="#b00" stroke-width="2"/>'
    )
    parts.append(f'<text x="{x(now):.1f}" y="{_TOP - 10}" text-anchor="middle" fill="#b00">now {now:.1f}</text></svg>')
    return "\n".join(parts) + "\n"
