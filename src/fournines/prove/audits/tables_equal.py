"""Every member of the database holds the same rows, with the same contents.

Each is asked by itself. Agents report all the time, so tables that differ are read again, in finer cells
(`fournines.prove.differences`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from fournines.errors import HostError
from fournines.hosts import Fleet, run
from fournines.prove.audits import Audit, Evidence, Outcome
from fournines.prove.differences import PROOF, Comparison, Difference, Held, Pair, compare
from fournines.prove.facts import GALERA
from fournines.services.galera import tables

_CELLS = 1000
"""Of a table that is read again: in a small one about one for each row."""
_READINGS = 6
"""Of those, at most: no row is on its way each time."""
_THERE = ""
"""The cell that every table has, with rows or without."""


class TablesEqual(Audit):
    name = "tables-equal"

    def look(self, evidence: Evidence) -> tuple[Outcome, str]:
        members = [host.name for host in evidence.cloud.services[GALERA].hosts]
        held, unseen = _read(evidence.fleet, members, 1)
        blind = f"could not look on {'; '.join(f'{name} ({why})' for name, why in unseen.items())}"
        if len(held) < 2:
            return ("unknown", blind) if unseen else ("ok", "one member: nothing to compare")
        found, readings = compare(held), 0
        if found.open:
            found, readings = _again(evidence.fleet, [*held], {table for _, (table, _) in found.open})
        if found.proven:
            return "fail", told(found.proven, next(iter(held)))
        if unseen:
            return "unknown", blind
        if found.open:
            where = sorted({table for _, (table, _) in found.open})
            return "unknown", f"never {PROOF} times on end the same while read {readings} times: {', '.join(where)}"
        one = next(iter(held.values()))
        count = sum(cell == _THERE for _, cell in one)
        rows = sum(rows for (_, cell), (rows, _) in one.items() if cell != _THERE)
        return "ok", f"{count} tables, {rows} rows on each of {', '.join(held)}"


def told(proven: Mapping[Pair, Difference], first: str) -> str:
    """In which tables members differ, and how."""
    where: dict[tuple[str, str], list[Difference]] = {}
    for (member, (table, _)), each in sorted(proven.items()):
        where.setdefault((table, member), []).append(each)
    lines = [f"{table} on {member} against {first}: {_how(each)}" for (table, member), each in where.items()]
    more = f"; and {len(lines) - 5} more" if len(lines) > 5 else ""
    return "; ".join(lines[:5]) + more


def _how(found: Iterable[Difference]) -> str:
    rows = [each.rows for each in found]
    more, fewer = sum(each for each in rows if each > 0), -sum(each for each in rows if each < 0)
    words = [f"rows more: {more}" if more else "", f"fewer: {fewer}" if fewer else ""]
    return ", ".join(filter(None, words)) or f"other contents: {len(rows)}"


def _again(fleet: Fleet, members: list[str], wanted: Iterable[str]) -> tuple[Comparison, int]:
    """Until all of it is known, or for so many readings; how many there were. Raises HostError."""
    only, found = sorted(wanted), None
    for reading in range(1, _READINGS + 1):
        held, unseen = _read(fleet, members, _CELLS, only)
        if unseen:
            raise HostError(", ".join(unseen), "; ".join(unseen.values()))
        found = compare(held, found)
        if found.proven or not found.open:
            return found, reading
    return found or Comparison({}, {}), _READINGS


def _read(
    fleet: Fleet, members: Iterable[str], cells: int, only: Iterable[str] = ()
) -> tuple[dict[str, Held], dict[str, str]]:
    """What members hold, and of those that could not be asked why; all at the same time."""
    command = tables(cells, only)

    def ask(name: str) -> Held | HostError:
        try:
            said = json.loads(run(fleet[name], command.argv, stdin=command.stdin, timeout=command.timeout))
        except HostError as error:
            return error
        except ValueError:
            return HostError(name, "this is no answer")
        held = {(table, cell): (rows, total) for table, parts in said.items() for cell, (rows, total) in parts.items()}
        return held | {(table, _THERE): (1, 0) for table in said}

    names = list(members)
    with ThreadPoolExecutor(max(1, len(names))) as pool:
        answers = dict(zip(names, pool.map(ask, names), strict=True))
    unseen = {n: a.message.splitlines()[-1][:120] for n, a in answers.items() if isinstance(a, HostError)}
    return {name: answer for name, answer in answers.items() if not isinstance(answer, HostError)}, unseen
