"""Findings of `nines check`: with their places and what was accepted, as JSON and as text, and what they keep from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

import typer

from fournines.checks import Design, Finding, explain, run
from fournines.checks.finding import SEVERITIES
from fournines.cli.clouds import Places
from fournines.cloud import Cloud
from fournines.errors import NinesError, SpecError

_COLORS = {"error": typer.colors.RED, "warning": typer.colors.YELLOW, "note": typer.colors.CYAN}


@dataclass(frozen=True, slots=True)
class Placed:
    """A finding, where it stands in the cloud file, and why it is accepted."""

    finding: Finding
    place: str
    accepted: str | None

    @property
    def refuses(self) -> bool:
        return self.finding.severity == "error" and self.accepted is None

    def as_json(self) -> dict[str, Any]:
        found = self.finding
        return {
            "code": found.code,
            "severity": found.severity,
            "subject": found.subject,
            "why": found.why,
            "fix": found.fix,
            "place": self.place,
            "accepted": self.accepted,
        }


def placed(cloud: Cloud, places: Places, accept: Mapping[str, str] | None = None) -> Sequence[Placed]:
    """What checks find, the worst first. `accept`: code -> why, besides those of the cloud file."""
    accepted = {**cloud.accept, **(accept or {})}
    return [Placed(found, places.of(found.loc), accepted.get(found.code)) for found in run(Design(cloud))]


def refuse(cloud: Cloud, places: Places, accept: Collection[str]) -> None:
    """Raises NinesError where an error is found that nobody accepted, or a code is accepted that there is not."""
    wanted = [explain(code).code for code in accept]
    found = [each for each in placed(cloud, places, dict.fromkeys(wanted, "--accept")) if each.refuses]
    if found:
        codes = list(dict.fromkeys(each.finding.code for each in found))
        told = "\n".join(f"{each.place}: {each.finding.code}: {each.finding.why}" for each in found)
        options = " ".join(f"--accept {code}" for code in codes)
        never = [code for code in codes if not explain(code).builds]
        raise NinesError(
            f"the design of {cloud.name} is not built as it is:\n{told}",
            f"see nines check; nothing here builds a cloud with {', '.join(never)}"
            if never
            else f"see nines check; to build it all the same: {options}, or `accept:` in the cloud file",
        )


def of_spec(error: SpecError) -> Sequence[Placed]:
    """A cloud file that is wrong as findings: one a place."""
    found: list[Placed] = []
    for line in error.message.splitlines():
        place, _, told = line.partition(": ")
        finding = Finding("SPEC", "error", "the cloud file", told or line, error.remedy or "correct it there", ())
        found.append(Placed(finding, place if told else "", None))
    return found


def text(name: str, found: Iterable[Placed], width: int, *, colored: bool) -> list[str]:
    """A block a finding, and how many there are."""
    found = list(found)
    lines: list[str] = []
    for each in found:
        said, accepted = each.finding, each.accepted is not None
        word = "accepted" if accepted else said.severity
        shown = typer.style(word, fg=_COLORS[said.severity], bold=not accepted) if colored else word
        lines.append(f"{shown} {said.code} {said.subject}")
        lines += wrap(said.why, width, initial_indent="  ", subsequent_indent="  ")
        what = f"accepted: {each.accepted}" if accepted else f"do: {said.fix}"
        lines += [*wrap(what, width, initial_indent="  ", subsequent_indent="      "), f"  at {each.place}", ""]
    open_ones = Counter(each.finding.severity for each in found if each.accepted is None)
    counts = [
        f"{open_ones[severity]} {severity}{'s' if open_ones[severity] != 1 else ''}"
        for severity in SEVERITIES
        if open_ones[severity] or severity == "error"
    ]
    accepted = sum(each.accepted is not None for each in found)
    return [*lines, f"{name}: {', '.join(counts)}" + (f", {accepted} accepted" if accepted else "")]
