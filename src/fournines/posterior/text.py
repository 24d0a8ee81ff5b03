"""A posterior as people read it at a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from fournines.posterior.classes import Drilled
from fournines.posterior.figure import Figure
from fournines.posterior.posterior import Posterior
from fournines.posterior.services import Service

INFLUENCES = 3
"""Shown of each service."""
CUTS = 10
UNKNOWN = 10


def text(found: Posterior, width: int = 80) -> str:
    """Of lines no longer than that, from 60 on."""
    lines = [
        *_head(found, width),
        *_services(found.services, width),
        *_classes(found.classes, width),
        *_cuts(found, width),
        *_unknown(found, width),
        "",
        *wrap(
            "Drills show that failovers work, years show how often parts fail. These are probabilities, given these "
            "drills and the rates (nines predict --rates): no proof.",
            width,
        ),
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _head(found: Posterior, width: int) -> Iterator[str]:
    tally = found.tally
    drills = f"{tally.worked} drills recovered, {tally.failed} did not, of {tally.unknown} it is unknown"
    measured = f"{found.fidelity}; {found.connections} connections" if found.fidelity else "nothing was drilled"
    yield from wrap(f"{found.cloud}: {drills}; fidelity: {measured}", width)
    if found.configuration:
        yield f"configuration {found.configuration[:16]}"


def _chance(value: float) -> str:
    """Three digits, and never rounded up to certainty."""
    return ">.999" if 0.9995 <= value < 1 else "<.001" if 0 < value < 0.0005 else f"{value:.3f}"


def _chances(figure: Figure) -> str:
    return f"{_chance(figure.mean):>6}  {_chance(figure.low):>5} - {_chance(figure.high):>5}"


def _services(found: Sequence[Service], width: int) -> Iterator[str]:
    yield ""
    yield (
        f"{'service':<15} {'budget':>7} {'P(kept)':>7}  {'95 % interval':<13} "
        f"{'undrilled':>9} {'min/year':>9} {'at most':>8}"
    )
    for each in found:
        yield (
            f"{each.name[:15]:<15} {each.budget_s / 60:>7.1f}  {_chances(each.met)} "
            f"{_chance(each.met_assumed):>9} {each.minutes.mean:>9.1f} {each.minutes.high:>8.1f}"
        )
    yield ""
    yield from wrap(
        "budget: minutes a year; P(kept): that a year's downtime is within it; undrilled: the same by the assumptions "
        "alone, had nothing been drilled; min/year: on average, and in all but 2.5 % of "
        "worlds at most.",
        width,
    )
    if found:
        yield ""
        yield "Why it is not known better, the weakest first (share of the uncertainty):"
    for each in found:
        told = [
            f"{one.name} {one.share:.0%}{' (assumed)' if one.assumed else ''}" for one in each.influences[:INFLUENCES]
        ]
        yield from wrap(f"{each.name}: {', '.join(told) or 'all is known'}", width, subsequent_indent="    ")
    undrilled = dict.fromkeys(name for each in found for name in each.undrilled)
    if undrilled:
        yield from wrap(f"Assumed, for no drill speaks of it: {'; '.join(undrilled)}.", width)


def _classes(found: Sequence[Drilled], width: int) -> Iterator[str]:
    if not found:
        return
    yield ""
    yield from wrap("Classes of drills (fault, role, fidelity, connections, configuration): share that recovers", width)
    for each in found:
        tally, known = each.tally, each.coverage
        share = "nothing to recover from"
        if known is not None:
            share = f"{_chance(known.mean)} ({_chance(known.low)} - {_chance(known.high)})"
        where = ", ".join([*each.of.roles, each.of.fidelity, each.of.connections, each.of.configuration[:8]])
        yield from wrap(
            f"{each.of.fault} [{each.letter}] {where}: {tally.worked} of {tally.known} worked"
            f"{f', {tally.unknown} unknown' if tally.unknown else ''}; {share}",
            width,
            subsequent_indent="    ",
        )
        for one in each.recoveries:
            if one.percentiles and one.seconds[-1] > 0:
                told = "  ".join(
                    f"p{at} {figure.mean:.1f} ({figure.low:.1f}-{figure.high:.1f})"
                    for at, figure in one.percentiles.items()
                )
                budget = "" if one.budget_s is None else f"  budget {one.budget_s:g}: {one.within}/{len(one.seconds)}"
                yield from wrap(
                    f"{one.column:<9} s {told}{budget}", width, initial_indent="  ", subsequent_indent=" " * 14
                )


def _cuts(found: Posterior, width: int) -> Iterator[str]:
    if not found.cuts:
        return
    drilled = sum(not each.assumed for each in found.cuts)
    yield ""
    yield f"Minimal cut sets of low order: {len(found.cuts)}, of which drills covered {drilled}"
    for each in found.cuts[:CUTS]:
        by = [*each.drills, *each.alike]
        told = "assumed"
        if by:
            told = f"{'' if each.drills else 'alike: '}{by[0]}{f' and {len(by) - 1} more' if len(by) > 1 else ''}"
        yield from wrap(f"{each.probability:.1e}  {', '.join(each.parts)}: {told}", width, subsequent_indent=" " * 9)


def _unknown(found: Posterior, width: int) -> Iterator[str]:
    if not found.unknown:
        return
    yield ""
    yield f"How these {len(found.unknown)} drills ended is unknown; they count for nothing:"
    for drill, why in found.unknown[:UNKNOWN]:
        yield from wrap(f"{drill}: {why}", width, initial_indent="  ", subsequent_indent="    ")
    if len(found.unknown) > UNKNOWN:
        yield f"  and {len(found.unknown) - UNKNOWN} more"
