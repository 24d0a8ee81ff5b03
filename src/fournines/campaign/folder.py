"""One campaign on disk: `results/TIME-prove/`, with `results/latest` pointing to it.

    campaign.json              what was asked, of which cloud, and all that its drills follow from; written once
    end.json                   that it has ended, and why; missing: it goes on, or waits to be resumed
    drills/NNNN-FAULT/         one drill: as `prove.results` says, and
        plan.json              before anything else; again with hosts and predictions just before the fault
        error.json             how it ended without a report
        events.jsonl           what it told while it ran
        logs/                  what daemons said meanwhile (`campaign.logs`)

Every file comes into being whole, and a drill's folder with its plan: so after `kill -9` at any moment what is there
says how to go on. A drill with neither report nor error is one that was killed.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import json
import os
import shutil
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from fournines.campaign.choice import Planned
from fournines.campaign.outcome import Outcome, of_error, of_report
from fournines.errors import LockedError
from fournines.faults import Letter
from fournines.probes import Connections
from fournines.prove.forecast import Forecast
from fournines.prove.results import Results
from fournines.state import write_private

FORMAT = 1


def utc() -> str:
    """Now, as files say it: to a millisecond."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class DrillFolder:
    """One drill's evidence, its plan there already."""

    path: Path

    @property
    def number(self) -> int:
        return int(self.path.name.partition("-")[0])

    @property
    def plan(self) -> dict[str, Any]:
        return _read(self.path / "plan.json")

    @property
    def results(self) -> Results:
        return Results(self.path)

    def foretell(self, forecast: Forecast) -> None:
        """Complete the plan."""
        _write(self.path / "plan.json", self.plan | forecast.as_json())

    def failed(self, kind: str, message: str) -> None:
        """It ended without a report."""
        _write(self.path / "error.json", {"message": message, "kind": kind, "at": utc()})

    @property
    def outcome(self) -> Outcome | None:
        """None: it was killed, or goes on."""
        plan = self.plan
        begun = dt.datetime.fromisoformat(plan["at"]).timestamp()
        report, error = self.results.report, self.path / "error.json"
        for file, read in ((report, of_report), (error, of_error)):
            if file.exists():
                return read(plan, _read(file), max(0.0, file.stat().st_mtime - begun))
        return None


@dataclass(frozen=True, slots=True)
class Folder:
    """One campaign's evidence."""

    path: Path

    @classmethod
    def new(cls, results: Path, about: Mapping[str, Any]) -> Self:
        """Make it, and point `latest` at it. `about`: the whole of campaign.json, format and start aside."""
        folder = cls(Results.new(results, "prove").folder)
        _write(folder.path / "campaign.json", {"format": FORMAT, "started": utc(), **about})
        return folder

    @classmethod
    def unended(cls, results: Path) -> Self | None:
        """The newest one that has not ended."""
        begun = [cls(file.parent) for file in results.glob("*/campaign.json") if not file.parent.is_symlink()]
        waiting = [folder for folder in begun if not (folder.path / "end.json").exists()]
        return max(waiting, key=lambda folder: (folder.about["started"], folder.path.name), default=None)

    @property
    def about(self) -> dict[str, Any]:
        return _read(self.path / "campaign.json")

    @property
    def connections(self) -> Connections:
        """How the clients of all its drills connect."""
        return self.about.get("connections", "fresh")

    @property
    def drills(self) -> list[DrillFolder]:
        """In the order of their numbers."""
        found = [DrillFolder(plan.parent) for plan in self.path.glob("drills/[0-9]*/plan.json")]
        return sorted(found, key=lambda each: each.number)

    @property
    def outcomes(self) -> Iterator[Outcome]:
        """Of all drills that are over, in the order of their numbers."""
        return (outcome for drill in self.drills if (outcome := drill.outcome))

    def begin(self, planned: Planned, letter: Letter) -> DrillFolder:
        """Write down what is about to be done."""
        plan: dict[str, Any] = {
            "number": planned.number,
            "fault": planned.fault,
            "letter": letter,
            "target": planned.target,
            "speed": planned.speed,
            "delay_s": planned.delay_s,
            "hold_s": planned.hold_s,
            "at": utc(),
            "hosts": [],
            "roles": [],
            "predicted": {},
        }
        new = self.path / "drills/.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True, mode=0o700)
        _write(new / "plan.json", plan)
        folder = new.with_name(f"{planned.number:04}-{planned.fault}")
        new.rename(folder)
        return DrillFolder(folder)

    def end(self, why: str) -> None:
        """It has ended: nothing resumes it."""
        _write(self.path / "end.json", {"why": why, "at": utc()})

    @contextlib.contextmanager
    def held(self) -> Generator[None]:
        """For one process at a time; the kernel frees it when that dies. Raises LockedError."""
        file = os.open(self.path / "campaign.json", os.O_RDONLY)
        try:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LockedError(f"another run goes on with {self.path.name}", "wait for it, or end it") from None
            yield
        finally:
            os.close(file)


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def _write(path: Path, data: Mapping[str, Any]) -> None:
    write_private(path, json.dumps(data, indent=1) + "\n")
