"""Probers without an end, and the pipe that their samples come through.

A drill keeps every sample in a file, as evidence. Who stands keeps none: in the place of that file lies a named pipe,
whose lines the kernel keeps whole (each is shorter than PIPE_BUF) and holds 64 KiB of. What the probers
complain of is cut when it grows.
"""

from __future__ import annotations

import contextlib
import os
import select
from types import TracebackType
from typing import Self

from fournines.errors import DrillError
from fournines.prove.prober import Plan
from fournines.prove.processes import Processes
from fournines.prove.samples import Sample, parse

POLL_S = 0.5
_READ = 1 << 20
_ERRORS = 1 << 20
"""Bytes of complaints that are kept at most."""
_SILENCE_S = 30.0
"""Beyond the longest interval and deadline: a prober that has said nothing for so long is stuck."""


class StandingProbes:
    """Running probers. A context manager: leaving it ends them, whatever happened.

    Nothing is to be cleaned after probes that only read; probers whose starter was killed end by themselves.
    """

    def __init__(self, plan: Plan) -> None:
        """Starts them; `plan.samples` must not exist. Raises DrillError when they do not get ready."""
        os.mkfifo(plan.samples, 0o600)
        # Open to both sides: a prober finds a reader at once, and the last one's end is no end of the pipe.
        self._pipe = os.open(plan.samples, os.O_RDWR | os.O_NONBLOCK)
        self._errors = plan.samples.with_name("prober.err")
        self._tail = b""
        slowest = max(beat.interval_s + beat.deadline_s for beat in plan.beats)
        self._silence = int((slowest + _SILENCE_S) / POLL_S)
        self._silent = 0
        with contextlib.ExitStack() as started:
            started.callback(os.close, self._pipe)
            self._processes = Processes(plan)
            started.callback(self._processes.end)
            self._processes.begin()
            self._started = started.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._started.close()

    @property
    def pids(self) -> list[int]:
        return self._processes.pids

    def samples(self) -> list[Sample]:
        """Those that completed since the last call; waits for one, `POLL_S` at most.

        Raises DrillError when a prober is dead or stuck: no news must not look like good news.
        """
        self._processes.check()
        self._trim()
        # Counted in polls, not in seconds: a machine that was suspended has stopped us too.
        self._silent = 0 if select.select([self._pipe], [], [], POLL_S)[0] else self._silent + 1
        if self._silent > self._silence:
            raise DrillError(f"the prober has said nothing for {self._silent * POLL_S:g} s", f"see {self._errors}")
        with contextlib.suppress(BlockingIOError):
            self._tail += os.read(self._pipe, _READ)
        *lines, self._tail = self._tail.split(b"\n")
        return list(parse(line.decode() for line in lines))

    def _trim(self) -> None:
        if self._errors.stat().st_size > _ERRORS:
            # Probers append, so the next complaint begins the file anew.
            os.truncate(self._errors, 0)
