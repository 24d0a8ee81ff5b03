"""Evidence of drills: one folder a run, `results/TIME-FAULT/`, and `results/latest` pointing to the newest.

samples.jsonl   one request a line (fournines.prove.samples)
faults.jsonl    what was done to the cloud and when
report.json     what the drill says; missing when the drill did not end
prober.err      what the prober complained of; normally empty
PROBE.err       the same of a probe that runs on a host: what librbd says of a cluster in trouble is there
"""

from __future__ import annotations

import datetime as dt
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Results:
    """One run's folder."""

    folder: Path

    @classmethod
    def new(cls, results: Path, name: str) -> Results:
        """Make the folder and point `latest` at it."""
        base = f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}-{name}"
        results.mkdir(parents=True, exist_ok=True, mode=0o700)
        number = 1
        while True:
            folder = results / (base if number == 1 else f"{base}-{number}")
            try:
                folder.mkdir(mode=0o700)
                break
            except FileExistsError:
                number += 1
        link = results / f".latest.{os.getpid()}"
        link.unlink(missing_ok=True)
        link.symlink_to(folder.name)
        link.replace(results / "latest")
        return cls(folder)

    @property
    def samples(self) -> Path:
        return self.folder / "samples.jsonl"

    @property
    def report(self) -> Path:
        return self.folder / "report.json"

    def done(self, what: str, **more: Any) -> float:
        """Note in faults.jsonl what was just done. Returns the time (CLOCK_MONOTONIC, seconds)."""
        now = time.monotonic()
        line = {"time": round(now, 6), "utc": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"), "what": what}
        with (self.folder / "faults.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line | more) + "\n")
        return now

    def write_report(self, report: dict[str, Any]) -> None:
        temporary = self.report.with_suffix(".tmp")
        temporary.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        temporary.replace(self.report)
