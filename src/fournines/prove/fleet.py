"""The drill's side of the probers, processes here and programs on hosts: start, follow their samples, stop."""

from __future__ import annotations

import contextlib
import json
import math
import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import IO, Any, Self

from fournines.errors import DrillError
from fournines.prove.prober import Plan
from fournines.prove.remote import Books, Errand, HostProber
from fournines.prove.samples import Noise, Sample, parse, read

READY_S = 45


LEAD_S = 0.2
"""From the moment when all are ready to the first start."""
RATE = 100
"""Starts a second that are given to one process."""


class ProbeFleet:
    """A running prober of one process or several. A context manager: leaving it ends them, whatever happened."""

    def __init__(self, plan: Plan, errands: Sequence[Errand] = ()) -> None:
        """Starts it. Raises DrillError when it does not get ready (the cloud refuses the user, no such CA), and
        HostError when a host that has an errand is known to be down."""
        self.plan = plan
        self.books: tuple[Books, ...] = ()
        """Of each program on a host that wrote, once it has stopped."""
        self._tail = b""
        self._offset = 0
        plan.samples.touch(mode=0o600)
        self._processes: list[ProberProcess] = []
        self._remote: list[HostProber] = []
        try:
            for index, errand in enumerate(errands):
                first = errand.beat.interval_s * index / len(errands)
                name = f"{errand.probe.name}.err"
                self._remote.append(HostProber(errand, plan.samples, plan.samples.with_name(name), first))
            self._processes.extend(ProberProcess(shard) for shard in sharded(plan))
            for process in self._processes:
                process.hear("ready", READY_S)
            for program in self._remote:
                program.hear("ready", READY_S)
                program.synchronise()
            self.t0 = round(time.monotonic() + LEAD_S, 6)
            for process in self._processes:
                process.say({"t0": self.t0})
            for program in self._remote:
                program.begin(self.t0)
        except BaseException:
            self._end()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._end()

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in (*self._processes, *self._remote)]

    def new_samples(self) -> list[Sample]:
        """Those completed since the last call. Raises DrillError when a process is dead."""
        for process in (*self._processes, *self._remote):
            process.check()
        with self.plan.samples.open("rb") as file:
            file.seek(self._offset)
            data = file.read()
        self._offset += len(data)
        *lines, self._tail = (self._tail + data).split(b"\n")
        return list(parse(line.decode() for line in lines))

    def stop(self) -> Noise:
        """No more starts; waits for open requests, within their deadlines. Raises DrillError when it does not end."""
        for process in (*self._processes, *self._remote):
            process.no_more()
        bound = max(beat.deadline_s for beat in self.plan.beats) + 15
        said = [process.hear("ended", bound) for process in self._processes]
        ended = [(program, program.hear("ended", bound)) for program in self._remote]
        self.books = tuple(program.books(end) for program, end in ended if end["books"])
        said += [end for _, end in ended]
        return Noise.of(
            read(self.plan.samples),
            stalls=tuple(sorted((float(when), float(length)) for end in said for when, length in end["stalls"])),
            open_max=sum(end["open_max"] for end in said),
            cpu_s=round(sum(end["cpu_s"] for end in said), 3),
            clock_s=max([program.uncertain_s for program in self._remote], default=0.0),
        )

    def _end(self) -> None:
        for process in (*self._processes, *self._remote):
            process.end()


def sharded(plan: Plan) -> list[Plan]:
    """The plan of each process that it takes: as many as the rate needs, no more than there are cores."""
    rate = sum(1 / beat.interval_s for beat in plan.beats)
    shards = max(1, min(math.ceil(rate / RATE), os.cpu_count() or 1))
    return [replace(plan, shard=shard, shards=shards) for shard in range(shards)]


class ProberProcess:
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
