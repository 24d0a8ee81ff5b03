"""The audits of all drills. Also of void ones: a row that was lost is lost, however late the prober was. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fournines.prove.audits import Outcome, Verdict
from fournines.report.evidence import Drill


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One audit by name."""

    name: str
    ok: int
    fail: int
    unknown: int
    told: tuple[tuple[int, Outcome, str], ...]
    """Of those that are not ok: drill, outcome, detail."""


def checks(drills: Iterable[Drill]) -> tuple[Check, ...]:
    """Sorted: those that failed first, then those that could not look, then by name."""
    names: dict[str, list[tuple[int, Verdict]]] = {}
    for drill in drills:
        for audit in drill.measured.audits if drill.measured else ():
            names.setdefault(audit.name, []).append((drill.number, audit))
    found = [_check(name, seen) for name, seen in names.items()]
    return tuple(sorted(found, key=lambda check: (not check.fail, not check.unknown, check.name)))


def _check(name: str, seen: list[tuple[int, Verdict]]) -> Check:
    outcomes = [audit.verdict for _, audit in seen]
    return Check(
        name=name,
        ok=outcomes.count("ok"),
        fail=outcomes.count("fail"),
        unknown=outcomes.count("unknown"),
        told=tuple((number, audit.verdict, audit.detail) for number, audit in seen if audit.verdict != "ok"),
    )
