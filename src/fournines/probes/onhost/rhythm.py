"""Open loop on a host: rounds of requests begin at fixed times, each on its own, and every round is a line.

Standard input, a JSON object a line: `{"clock": n}` at any time; once `{"t0": T}`; its end means stop, also by the
death of whoever holds it. Standard output: `{"ready": true}` or `{"failed": why}`; `{"clock": n, "here": now}`;
`{"sample": {...}}`; last `{"ended": {...}}`. Times are this host's CLOCK_MONOTONIC; who listens converts them.

Round k begins at T + k * interval and is good when all of its requests are answered within the deadline. A round that
is not gets its line when the deadline passes; when it is answered after all, the line comes again with `late`.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import resource
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

TICK_S = 0.02
STALL_S = 0.1


class Wire:
    """Lines out and in, each by a thread of its own: a slow reader must not delay a start."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self._begun = threading.Event()
        self._t0 = 0.0
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write)
        self._writer.start()
        threading.Thread(target=self._read, daemon=True).start()

    def say(self, **data: Any) -> None:
        self._lines.put(json.dumps(data, separators=(",", ":")))

    def t0(self) -> float:
        """When the first round begins; waits until that is said."""
        self._begun.wait()
        return self._t0

    def close(self) -> None:
        """Returns when everything is said."""
        self._lines.put(None)
        self._writer.join()

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                print(line, flush=True)
            except OSError:
                os._exit(1)  # nobody listens

    def _read(self) -> None:
        for line in iter(sys.stdin.buffer.readline, b""):
            said = json.loads(line)
            if "clock" in said:
                self.say(clock=said["clock"], here=time.monotonic())
            if "t0" in said:
                self._t0 = float(said["t0"])
                self._begun.set()
        if not self._begun.is_set():
            os._exit(0)  # the main thread may hang in a library that waits for its cluster
        self.stop.set()


@dataclass(slots=True)
class Round:
    """One intended start."""

    seq: int
    intended: float
    start: float
    left: int
    """Requests not answered yet."""
    end: float = 0.0
    """When its line was said; 0: not yet."""
    error: str = ""
    detail: str = ""


class BusyError(Exception):
    """Its place is still taken by a request that waits."""


class Rhythm:
    """Begins rounds and writes down how they went."""

    def __init__(self, wire: Wire, interval_s: float, deadline_s: float, width: int) -> None:
        """`width`: requests of a round."""
        self._wire = wire
        self._interval_s = interval_s
        self._deadline_s = deadline_s
        self._width = width
        self._lock = threading.Lock()
        self._open: dict[int, Round] = {}

    def run(self, t0: float, begin: Callable[[Round], None], drain_s: float) -> dict[str, Any]:
        """Until the wire says stop; then waits for what is open, `drain_s` seconds at most. What it says at its end.

        `begin` starts the round's requests without waiting for them, and raises BusyError, having started none, or
        reports each by `answered`, once, from any thread.
        """
        # An instrument comes first. With autogroup the kernel compares sessions before it looks at nice values.
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, -15)
        with contextlib.suppress(OSError), open("/proc/self/autogroup", "w", encoding="ascii") as file:
            file.write("-15")
        stalls: list[tuple[float, float]] = []
        seq, open_max = 0, 0
        while not self._wire.stop.is_set():
            now, due = time.monotonic(), t0 + seq * self._interval_s
            if now >= due:
                self._begin(Round(seq, due, now, self._width), begin)
                seq += 1
                open_max = max(open_max, len(self._open))
                continue
            self._expire(now)
            until = now + min(due - now, TICK_S)
            self._wire.stop.wait(until - now)
            if (over := time.monotonic() - until) > STALL_S:
                stalls.append((until, over))
        end = time.monotonic() + drain_s
        while self._open and time.monotonic() < end:
            self._expire(time.monotonic())
            time.sleep(TICK_S)
        self._expire(float("inf"))
        used = resource.getrusage(resource.RUSAGE_SELF)
        cpu_s = round(used.ru_utime + used.ru_stime, 3)
        return {"stalls": stalls, "open_max": open_max, "cpu_s": cpu_s, "unanswered": len(self._open)}

    def answered(self, one: Round, error: str = "", detail: str = "") -> None:
        """One of its requests is done; `error` when not as it had to be."""
        now = time.monotonic()
        with self._lock:
            one.left -= 1
            if error and not one.error:
                one.error, one.detail = error, detail
            if one.left:
                return
            self._open.pop(one.seq, None)
            overdue = now - one.intended > self._deadline_s
            again = one.end > 0
            one.end = one.end or now
        if again and one.error:
            return  # not in time, and not right either: nothing to add
        if overdue and not one.error:
            self._tell(one, "deadline", f"answered after {now - one.intended:.2f} s", late=now)
        else:
            self._tell(one, one.error, one.detail)

    def _begin(self, one: Round, begin: Callable[[Round], None]) -> None:
        with self._lock:
            self._open[one.seq] = one
        try:
            begin(one)
        except BusyError as error:
            with self._lock:
                del self._open[one.seq]
            one.end = time.monotonic()
            self._tell(one, "deadline", str(error))

    def _expire(self, now: float) -> None:
        with self._lock:
            overdue = [one for one in self._open.values() if not one.end and now - one.intended > self._deadline_s]
            for one in overdue:
                one.end = time.monotonic()
        for one in overdue:
            self._tell(one, "deadline", "")

    def _tell(self, one: Round, error: str, detail: str, late: float | None = None) -> None:
        sample = {"seq": one.seq, "intended": one.intended, "start": one.start, "end": one.end, "ok": not error}
        more = {"error": error, "detail": detail[:300], "late": late}
        self._wire.say(sample=sample | {key: value for key, value in more.items() if value})
