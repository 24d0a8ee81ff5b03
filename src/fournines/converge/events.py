"""What a run tells while it works. The terminal, the plain log and the journal all read these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened in a run.

    `wait` repeats while something is awaited, its text saying who and what was last seen.
    """

    kind: Literal["start", "wait", "done", "fail", "change", "note"]
    stage: str
    """Such as `image`, `hosts`, `galera`."""
    text: str = ""
    host: str | None = None
    seconds: float | None = None
    """Elapsed time of what is done or awaited."""


Observer = Callable[[Event], None]


def silent(event: Event) -> None:
    """An observer for tests and for machine-readable output."""
