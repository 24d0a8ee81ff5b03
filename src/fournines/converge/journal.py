"""The journal of runs: one JSON object a line, appended as things happen."""

from __future__ import annotations

import datetime as dt
import json
import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from fournines.converge.events import Event, Observer


@contextmanager
def journaled(observer: Observer, journal: Path) -> Generator[Observer]:
    """An observer that writes each event to the journal, then passes it on; from several threads, one at a time.

    A line: {time, pid, kind, stage, host, text, seconds}; time is UTC, ISO 8601.
    """
    guard = threading.Lock()
    with open(os.open(journal, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600), "ab+") as file:
        # A run that was killed may have left half a line.
        if file.tell() and os.pread(file.fileno(), 1, file.tell() - 1) != b"\n":
            file.write(b"\n")

        def tell(event: Event) -> None:
            line = {
                "time": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
                "pid": os.getpid(),
                "kind": event.kind,
                "stage": event.stage,
                "host": event.host,
                "text": event.text,
                "seconds": event.seconds,
            }
            with guard:
                file.write(json.dumps(line).encode() + b"\n")
                file.flush()
                observer(event)

        yield tell
