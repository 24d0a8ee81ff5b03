"""What a campaign tells people: a line a drill, and a table at its end. Pure."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, get_args

from rich.console import Console
from rich.table import Table

from fournines.campaign.outcome import Outcome, Result, Worst
from fournines.campaign.run import Ending
from fournines.campaign.tally import tallies

WIDTH = 80
_RESULTS: tuple[Result, ...] = get_args(Result)


def heading() -> str:
    """Above the lines of drills."""
    return _aligned(f"{'no.':>4} {'result':<7} {'time':>5} fault and target", "worst outage/budget s  audits ok")


def line(outcome: Outcome) -> str:
    """One drill; below it why it says nothing, or what it saw that must not be."""
    left = f"{outcome.number:>4} {outcome.result:<7} {outcome.seconds:>4.0f}s {outcome.fault} {outcome.target}"
    right = ""
    if outcome.worst:
        audits = sum(outcome.audits.values())
        right = f"{outcome.worst.probe} {_outage(outcome.worst)}  {outcome.audits.get('ok', 0)}/{audits}"
    lines = [_aligned(left, right)]
    if outcome.why:
        lines += textwrap.wrap(outcome.why, WIDTH, initial_indent=" " * 5, subsequent_indent=" " * 5)
    return "\n".join(lines)


def table(outcomes: Sequence[Outcome]) -> str:
    """One row for each kind of fault."""
    out = io.StringIO()
    console = Console(file=out, width=WIDTH, no_color=True, highlight=False, emoji=False)
    drawn = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    found = tallies(outcomes)
    results = [result for result in _RESULTS if result == "ok" or any(each.results.get(result) for each in found)]
    # Where there is not room for all, names of faults take a second line.
    drawn.add_column("fault")
    for title in ("runs", *results, "worst s", "95 %", "budget"):
        drawn.add_column(title, justify="right", no_wrap=True)
    for each in found:
        worst = each.worst
        drawn.add_row(
            each.fault,
            str(each.runs),
            *(str(each.results.get(result) or "-") for result in results),
            _seconds(worst.upper_s) if worst else "-",
            _seconds(each.p95_s) if worst else "-",
            _budget(worst) if worst else "-",
        )
    console.print(drawn)
    return "\n".join(row.rstrip() for row in out.getvalue().splitlines())


def summary(outcomes: Sequence[Outcome], about: Mapping[str, Any], ending: Ending, folder: str) -> str:
    """Table and all that belongs below it."""
    lines = [table(outcomes), "worst, 95 %: the upper bound of the longest outage of any probe, and its budget"]
    for each in outcomes:
        if each.over and each.measured:
            lines += textwrap.wrap(f"over budget in drill {each.number}: {', '.join(each.over)}", WIDTH)
    lines += _not_possible(about["not_possible"])
    lines += textwrap.wrap(f"{len(outcomes)} drills; {ending.why}", WIDTH)
    match ending.how:
        case "violation":
            lines.append("nothing was touched after that drill: look at the cloud before you repair it")
        case "stopped":
            lines.append("see nines status; nines prove --resume goes on")
        case "done":
            pass
    return "\n".join([*lines, f"evidence: {folder}"])


def _not_possible(found: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A paragraph for each fault; where it has many reasons, the first."""
    by_fault: dict[str, list[Mapping[str, Any]]] = {}
    for each in found:
        by_fault.setdefault(each["fault"], []).append(each)
    for fault, parts in by_fault.items():
        where = f" of {', '.join(parts[0]['targets'])}" if parts[0]["targets"] else ""
        more = f"; and of {len(parts) - 1} more, see campaign.json" if len(parts) > 1 else ""
        yield from textwrap.wrap(f"not possible here: {fault}{where}: {parts[0]['why']}{more}", WIDTH)


def _aligned(left: str, right: str) -> str:
    return f"{left} {right.rjust(WIDTH - len(left) - 1)}".rstrip()


def _outage(worst: Worst) -> str:
    return f"{_seconds(worst.upper_s)}/{_budget(worst)}"


def _seconds(value: float | None) -> str:
    return "?" if value is None else f"{value:.{2 if value < 9.995 else 1}f}"


def _budget(worst: Worst) -> str:
    return "-" if worst.budget_s is None else f"{worst.budget_s:g}"
