"""Predictions as people read them: a table of services, why they are down, and what a change makes of it. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import count, product
from string import ascii_lowercase
from textwrap import wrap

from fournines.cloud.model import Cloud
from fournines.predict.prediction import Prediction
from fournines.predict.rates import Rate, ranges_of
from fournines.predict.remarks import remarks
from fournines.predict.sensitivity import span

CAUSES = 3
"""Shown of each service."""


def nines(availability: float) -> float:
    """How many: 0.9999 has 4."""
    return math.inf if availability >= 1 else 0.0 - math.log10(1 - availability)


def table(predictions: Sequence[Prediction], cloud: Cloud, width: int = 80) -> list[str]:
    """One line a service, the causes below it, what is not in it at the end."""
    if not predictions:
        return [f"{cloud.name} offers nothing that users see"]
    budget = (1 - cloud.sla) * 525_600
    lines = [
        f"{cloud.name}: promised {cloud.sla * 100:g} %, {budget:.1f} minutes a year",
        "",
        f"{'service':<15} {'nines':>5} {'availability':>12} {'min/year':>8} "
        f"{'promise':>7} {'P(kept)':>7} {'half':>6} {'90 %':>6} {'95 %':>6}",
    ]
    for each in predictions:
        years = each.downtime
        lines.append(
            f"{each.name:<15} {nines(each.availability):>5.1f} {each.availability * 100:>10.4f} % "
            f"{each.downtime_s / 60:>8.1f} {'met' if each.sla_met else 'NOT met':>7} {years.p_met:>7.3f} "
            f"{_minutes(years.p50_s)} {_minutes(years.p90_s)} {_minutes(years.p95_s)}"
        )
    lines += [
        "",
        "P(kept): share of simulated years within the promise, if the rates are right;",
        "half, 90 %, 95 %: minutes that half of them, 90 and 95 in 100, stay below",
        "",
    ]
    remedies = dict.fromkeys(cause.fix for each in predictions for cause in each.causes[:CAUSES])
    letters = dict(zip(remedies, _letters(), strict=False))
    for each in predictions:
        lines.append(f"{each.name}: {each.analysis.visible.title}, {each.downtime_s / 60:.1f} min/year")
        for cause in each.causes[:CAUSES]:
            told = f"{cause.yearly_s / 60:8.2f}  {cause.what} [{letters[cause.fix]}]"
            lines += wrap(told, width, subsequent_indent=" " * 10)
    lines += ["", "What to do:"]
    for fix, letter in letters.items():
        lines += wrap(f"[{letter}] {fix}", width, initial_indent="  ", subsequent_indent="      ")
    lines += assumptions(predictions[0].analysis.rates.values(), width)
    return [*lines, *(line for told in remarks(cloud) for line in wrap(told, width))]


def _minutes(seconds: float) -> str:
    """Six characters wide, up to a whole year."""
    return f"{seconds / 60:>6.1f}" if seconds < 600_000 else f"{seconds / 60:>6.0f}"


def _letters() -> Iterator[str]:
    """a, b, ... z, aa, ab, ..."""
    for length in count(1):
        yield from map("".join, product(ascii_lowercase, repeat=length))


def importance(prediction: Prediction, width: int = 80) -> list[str]:
    """Of what can fail by itself, how much it matters; nothing of failovers, of which no fault tree tells."""
    lines = wrap(
        f"what can fail in {prediction.name}: how much likelier it is down when one is (Birnbaum), and in which share "
        "of what takes it down they are (Fussell-Vesely):",
        width,
    )
    lines.append(f"{'Birnbaum':>10} {'F-V':>8}")
    for cause, (birnbaum, share) in prediction.importance.items():
        lines += wrap(
            cause.what, width, initial_indent=f"{birnbaum:>10.2e} {share:>8.2%}  ", subsequent_indent=" " * 21
        )
    return lines


def assumptions(rates: Iterable[Rate], width: int = 80) -> list[str]:
    """What the figures stand on, in words."""
    known = list(rates)
    assumed = [rate.kind for rate in known if rate.basis == "assumed" and rate.counted]
    left_out = [f"{rate.what} ({rate.per_year:g} a year)" for rate in known if not rate.counted]
    told = [
        f"Given these rates (nines predict --rates), of which nobody published: {', '.join(assumed)}."
        if assumed
        else "Given these rates (nines predict --rates).",
        f"Not counted: {'; '.join(left_out)}." if left_out else "",
        "A prediction is no proof: drills show that failovers work, years show how often parts fail.",
    ]
    return ["", *(line for text in told if text for line in wrap(text, width))]


def comparison(before: Sequence[Prediction], after: Sequence[Prediction]) -> list[str]:
    """Service by service what the second design makes of the first."""
    old = {each.name: each for each in before}
    lines = [f"{'service':<15} {'min/year':>9} {'becomes':>9} {'difference':>11} {'availability':>13} {'promise':>17}"]
    for new in after:
        was = old.pop(new.name, None)
        minutes = new.downtime_s / 60
        if was is None:
            lines.append(f"{new.name:<15} {'-':>9} {minutes:>9.1f} {'new':>11}")
            continue
        more, gain = minutes - was.downtime_s / 60, (new.availability - was.availability) * 100
        verdict = {True: "met", False: "NOT met"}
        change = (
            f"{verdict[was.sla_met]} -> {verdict[new.sla_met]}" if was.sla_met != new.sla_met else verdict[new.sla_met]
        )
        lines.append(
            f"{new.name:<15} {was.downtime_s / 60:>9.1f} {minutes:>9.1f} {_change(more, 1):>11} "
            f"{_change(gain, 4):>11} % {change:>17}"
        )
    return [*lines, *(f"{name:<15} {each.downtime_s / 60:>9.1f} {'-':>9} {'gone':>11}" for name, each in old.items())]


def _change(value: float, digits: int) -> str:
    """With its sign; one that rounds to nothing has none, but a tilde unless it is nothing."""
    if round(value, digits):
        return f"{value:+.{digits}f}"
    return f"{'~' if value else ''}{0:.{digits}f}"


def _ranges(rate: Rate) -> str:
    told = [span(figure, *getattr(rate, name)) for figure, name in ranges_of(rate.kind).items()]
    return f"range {', '.join(each for each in told if each) or 'none'}"


def rates_table(rates: Iterable[Rate], width: int = 80) -> list[str]:
    """Every figure with its source."""
    lines: list[str] = []
    for rate in rates:
        back = f"{rate.repair_hours:g} h" + (
            f", or {rate.restart_seconds:g} s in {rate.coverage:.0%}" if rate.restart_seconds else ""
        )
        if rate.kind == "failover":
            told = f"succeeds in {rate.coverage:.1%}; else {rate.repair_hours:g} h"
        else:
            told = f"{rate.per_year:g} a year, back after {back}, {rate.beta:.0%} in common"
        lines += [f"{rate.kind}: {rate.what}" + ("" if rate.counted else " (not counted)")]
        lines += wrap(f"{told}; {_ranges(rate)}", width, initial_indent="    ", subsequent_indent="      ")
        source = f"{rate.basis}: {rate.source}, {rate.date}"
        lines += wrap(source, width, initial_indent="    ", subsequent_indent="      ")
    return lines
