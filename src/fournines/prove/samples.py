"""What the prober writes: one JSON object a line, times in seconds of this machine's CLOCK_MONOTONIC.

That clock is one for all processes of a kernel, so a drill's own times and the prober's compare. Times of another
host are converted before they are written (`fournines.prove.clock`).

A request that was not answered within its deadline has its line then; when it is answered after all, the line comes
again with `late`, and the later line holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

DEADLINE = "deadline"
"""The error of a request that was neither answered nor refused in time: slowness, not a wrong answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One request of one probe."""

    probe: str
    seq: int
    intended: float
    """When it had to start; latency counts from here."""
    start: float
    """When it did."""
    end: float
    ok: bool
    error: str | None = None
    """What kind of failure, such as `refused`, `status 503`, `deadline`."""
    detail: str | None = None
    ack: str | None = None
    """Id that the cloud acknowledged."""
    late: float | None = None
    """When it was rightly answered after all, its deadline long past."""

    @property
    def latency(self) -> float:
        return self.end - self.intended

    @property
    def waited(self) -> float:
        """As `latency`, to the answer that came too late."""
        return (self.late or self.end) - self.intended

    @property
    def slow(self) -> bool:
        return self.error == DEADLINE

    def as_line(self) -> str:
        # asdict copies deeply, and took three times as long.
        data = {key: value for key in _KEYS if (value := getattr(self, key)) is not None}
        for key in ("intended", "start", "end", "late"):
            if key in data:
                data[key] = round(data[key], 6)
        return json.dumps(data, separators=(",", ":"))


_KEYS = tuple(field.name for field in fields(Sample))


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """The prober's own error: how late it was with what it had to start, and where it stood still."""

    starts: int
    p99_s: float
    max_s: float
    stalls: tuple[tuple[float, float], ...] = ()
    """(when, how long) one of its event loops did not run for more than 0.1 s."""
    open_max: int = 0
    """Most requests under way at one time."""
    cpu_s: float = 0.0
    """Processor time that it used."""
    clock_s: float = 0.0
    """How far times of another host's clock may be off."""

    CLOCK_LIMIT_S = 0.1
    P99_LIMIT_S = 0.5
    """The shortest distance between two requests of a probe: what is known of an outage anyway. Latency counts from the
    intended start, so being late makes outages look longer, never shorter."""

    @classmethod
    def of(
        cls,
        samples: Iterable[Sample],
        stalls: tuple[tuple[float, float], ...] = (),
        open_max: int = 0,
        cpu_s: float = 0.0,
        clock_s: float = 0.0,
    ) -> Noise:
        """From what was started when, and what the prober's processes say of themselves."""
        late = sorted(sample.start - sample.intended for sample in samples) or [0.0]
        return cls(
            starts=len(late),
            p99_s=late[min(len(late) - 1, int(len(late) * 0.99))],
            max_s=late[-1],
            stalls=stalls,
            open_max=open_max,
            cpu_s=cpu_s,
            clock_s=clock_s,
        )

    def void(self, limit_s: float) -> list[str]:
        """Why nothing measured by this prober counts; empty when it does. `limit_s` bounds any single stall."""
        reasons: list[str] = []
        if self.p99_s > self.P99_LIMIT_S:
            reasons.append(f"the prober was {self.p99_s:.2f} s late (99th percentile; limit {self.P99_LIMIT_S:g} s)")
        if self.clock_s > self.CLOCK_LIMIT_S:
            reasons.append(f"the clocks may be {self.clock_s:.2f} s apart (limit {self.CLOCK_LIMIT_S:g} s)")
        worst = max([self.max_s, *(length for _, length in self.stalls)])
        if worst > limit_s:
            reasons.append(f"the prober stood still for {worst:.2f} s (limit {limit_s:g} s)")
        return reasons


def parse(lines: Iterable[str]) -> Iterator[Sample]:
    """Samples of JSON lines. Raises ValueError or TypeError for a line that is none."""
    for line in lines:
        yield Sample(**json.loads(line))


def read(path: Path) -> list[Sample]:
    """All samples of a file, in the order of their intended starts; of each, the line that holds."""
    with path.open(encoding="utf-8") as file:
        latest = {(sample.probe, sample.seq): sample for sample in parse(file)}
    return sorted(latest.values(), key=lambda sample: sample.intended)
