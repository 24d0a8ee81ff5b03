"""The drill's side of the prober process: start it, follow its samples, stop it."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from types import TracebackType
from typing import IO, Any, Self

from fournines.errors import DrillError
from fournines.prove.prober import Plan
from fournines.prove.samples import Noise, Sample, noise_from, parse

READY_S = 30


class ProbeFleet:
    """A running prober. Use as a context manager: leaving it ends the process, whatever happened."""

    def __init__(self, plan: Plan) -> None:
        """Starts the process. Raises DrillError when it does not get ready (cloud refuses the user, no such CA)."""
        self.plan = plan
        self._errors = plan.samples.with_name("prober.err")
        self._tail = b""
        self._offset = 0
        self._said = b""
        plan.samples.touch()
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "fournines.prove.prober"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                # Out of the terminal's reach: on Ctrl-C the drill heals first.
                start_new_session=True,
            )
        try:
            with contextlib.suppress(BrokenPipeError):  # _hear says why
                stdin = _pipe(self._process.stdin)
                stdin.write(plan.as_line().encode())
                stdin.flush()
            self.t0 = float(self._hear("ready", READY_S))
        except BaseException:
            self._end()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._end()

    @property
    def pid(self) -> int:
        return self._process.pid

    def new_samples(self) -> list[Sample]:
        """Those completed since the last call. Raises DrillError when the prober is dead."""
        if self._process.poll() is not None:
            raise self._died()
        return self._read()

    def stop(self) -> Noise:
        """No more starts; waits for open requests, within their deadlines. Raises DrillError when it does not end."""
        _pipe(self._process.stdin).close()
        bound = max(beat.deadline_s for beat in self.plan.beats) + 15
        return noise_from(self._hear("noise", bound))

    def _read(self) -> list[Sample]:
        with self.plan.samples.open("rb") as file:
            file.seek(self._offset)
            data = file.read()
        self._offset += len(data)
        *lines, self._tail = (self._tail + data).split(b"\n")
        return list(parse(line.decode() for line in lines))

    def _hear(self, key: str, bound: float) -> Any:
        """The value of that key in the next line that the prober says, within `bound` seconds."""
        until, out = time.monotonic() + bound, _pipe(self._process.stdout).fileno()
        while b"\n" not in self._said:
            left = until - time.monotonic()
            if left <= 0 or not select.select([out], [], [], left)[0]:
                raise DrillError(f"the prober did not say {key} within {bound:g} s", f"see {self._errors}")
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

    def _died(self) -> DrillError:
        code = self._process.wait(5)
        text = self._errors.read_text(errors="replace").strip()
        last = text.splitlines()[-1] if text else "it said nothing"
        return DrillError(f"the prober ended by itself (exit {code}): {last}", f"see {self._errors}")

    def _end(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(BrokenPipeError):
                _pipe(pipe).close()


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise TypeError("started without a pipe")
    return stream
