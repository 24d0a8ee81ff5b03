"""The prober's processes: one, or several that share the starts of one plan."""

from __future__ import annotations

import contextlib
import json
import math
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import IO, Any

from fournines.errors import DrillError
from fournines.probes import Connections
from fournines.prove.prober import Plan

READY_S = 45
LEAD_S = 0.2
"""From the moment when all are ready to the first start."""
RATE: Mapping[Connections, int] = {"fresh": 100, "kept": 500}
"""Starts a second that are given to one process: they took 26 and 31 % of a core."""


class Processes:
    """A running prober. Whoever started it ends it."""

    def __init__(self, plan: Plan) -> None:
        """Starts it. Raises DrillError when it does not get ready (the cloud refuses the user, no such CA)."""
        self._all: list[_Process] = []
        try:
            self._all.extend(_Process(shard) for shard in _shards(plan))
            for process in self._all:
                process.hear("ready", READY_S)
        except BaseException:
            self.end()
            raise

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self._all]

    def begin(self) -> float:
        """The instant of the first start, which is near."""
        t0 = round(time.monotonic() + LEAD_S, 6)
        for process in self._all:
            process.say({"t0": t0})
        return t0

    def check(self) -> None:
        """Raises DrillError when one is dead."""
        for process in self._all:
            process.check()

    def no_more(self) -> None:
        """No more starts."""
        for process in self._all:
            process.no_more()

    def ended(self, bound: float) -> Sequence[Any]:
        """What each says at its end. Raises DrillError when one does not end within `bound` seconds."""
        return [process.hear("ended", bound) for process in self._all]

    def end(self) -> None:
        for process in self._all:
            process.end()


def _shards(plan: Plan) -> list[Plan]:
    """The plan of each process that it takes: as many as the rate needs, no more than there are cores for us."""
    rate = sum(1 / beat.interval_s for beat in plan.beats)
    shards = max(1, min(math.ceil(rate / RATE[plan.connections]), len(os.sched_getaffinity(0))))
    return [replace(plan, shard=shard, shards=shards) for shard in range(shards)]


class _Process:
    """One shard: a running `fournines.prove.prober`."""

    def __init__(self, plan: Plan) -> None:
        """Starts it; what it complains of goes to `prober.err` beside the samples."""
        self._errors = plan.samples.with_name("prober.err")
        self._said = b""
        with self._errors.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "fournines.prove.prober"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                # Out of the terminal's reach: on Ctrl-C the drill heals first.
                start_new_session=True,
            )
        self._write(plan.as_line())

    @property
    def pid(self) -> int:
        return self._process.pid

    def say(self, data: dict[str, Any]) -> None:
        self._write(json.dumps(data) + "\n")

    def no_more(self) -> None:
        _pipe(self._process.stdin).close()

    def check(self) -> None:
        if self._process.poll() is not None:
            raise self._died()

    def hear(self, key: str, bound: float) -> Any:
        """The value of that key in the next line that it says, within `bound` seconds."""
        until, out = time.monotonic() + bound, _pipe(self._process.stdout).fileno()
        while b"\n" not in self._said:
            left = until - time.monotonic()
            if left <= 0 or not select.select([out], [], [], left)[0]:
                raise DrillError(f"the prober was not {key} within {bound:g} s", f"see {self._errors}")
            more = os.read(out, 65536)
            if not more:
                raise self._died()
            self._said += more
        line, _, self._said = self._said.partition(b"\n")
        data: dict[str, Any] = json.loads(line)
        if key not in data:
            raise DrillError(
                f"the prober could not start: {data.get('failed', data)}", "is the cloud up? see nines status"
            )
        return data[key]

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(BrokenPipeError):
                _pipe(pipe).close()

    def _write(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # hear() says why
            pipe = _pipe(self._process.stdin)
            pipe.write(line.encode())
            pipe.flush()

    def _died(self) -> DrillError:
        code = self._process.wait(5)
        text = self._errors.read_text(errors="replace").strip()
        last = text.splitlines()[-1] if text else "it said nothing"
        return DrillError(f"the prober ended by itself (exit {code}): {last}", f"see {self._errors}")


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise TypeError("started without a pipe")
    return stream
