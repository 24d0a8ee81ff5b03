"""What a run tells while it works, on standard error: live on a terminal, plain lines elsewhere.

Standard output is left to the answer, so that `--json` gives one object and nothing else.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Generator
from typing import TextIO

from fournines.converge.events import Event, Observer

WAIT_EVERY = 5.0
"""Seconds between two plain lines about one and the same wait."""


@contextlib.contextmanager
def watch(title: str) -> Generator[Observer]:
    """An observer for the run inside the `with`."""
    if sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        from fournines.cli.live import live

        with live(title) as observer:
            yield observer
    else:
        yield Plain(sys.stderr)


def describe(event: Event) -> str:
    """The event's text as part of a line."""
    took = "" if event.seconds is None else f" ({event.seconds:.1f} s)"
    match event.kind:
        case "start":
            return event.text or "begins"
        case "wait":
            text = event.text if event.text.startswith("waiting for") else f"waiting for {event.text}"
            return text + took
        case "done":
            return (event.text or "done") + took
        case "fail":
            # The rest of a long text comes once, with the error itself.
            return f"FAILED: {(event.text.splitlines() or [''])[0]}{took}"
        case "change" | "note":
            return event.text


class Plain:
    """One line an event: `[  12.3s] galera     c1   waiting for ...`. Safe to call from several threads."""

    def __init__(self, file: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._clock = clock
        self._began = clock()
        self._told: dict[tuple[str, str | None], float] = {}
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        now = self._clock()
        subject = event.stage, event.host
        with self._lock:
            if event.kind == "wait":
                if now - self._told.get(subject, -WAIT_EVERY) < WAIT_EVERY:
                    return
                self._told[subject] = now
            else:
                self._told.pop(subject, None)
            # Every line of a text gets its own prefix: logs are read by grep.
            for line in describe(event).splitlines() or [""]:
                row = f"[{now - self._began:6.1f}s] {event.stage:<10} {event.host or '':<4} {line}"
                print(row.rstrip(), file=self._file, flush=True)
