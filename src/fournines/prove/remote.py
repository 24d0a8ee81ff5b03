"""The drill's side of a probe that runs on a host: start its program, pump its samples into the drill's file, stop it.

The same words as the prober process has (`fournines.prove.processes`), so that a fleet holds both kinds. The pump is a
thread: what it does is not timed, for every time in a sample was read on the host.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from fournines.errors import DrillError
from fournines.hosts import Host
from fournines.probes import HostProbe
from fournines.probes.onhost import COMMAND, sent
from fournines.prove.clock import Offset, Reading
from fournines.prove.prober import Beat
from fournines.prove.samples import Sample

_READINGS = 9
_READING_S = 20
_TIMES = ("intended", "start", "end", "late")
DRAIN_S = 10
"""For requests that are under way at the stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One such probe, where and how."""

    probe: HostProbe
    beat: Beat
    host: Host


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What a host's program wrote and what was acknowledged: for the audits."""

    probe: str
    host: str
    request: Mapping[str, Any]
    entries: tuple[tuple[int, int, int], ...]
    """(slot, acknowledged, issued)"""


class HostProber:
    """A running program on a host."""

    def __init__(self, errand: Errand, samples: Path, errors: Path, first: float) -> None:
        """Starts it. `first`: seconds from the fleet's first start to its own. Raises HostError when it is known to
        be down."""
        beat = errand.beat
        self._errand = errand
        self._first = first
        self._errors = errors
        self._offset = Offset(0.0, 0.0)
        self._heard: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        rhythm = {"interval_s": beat.interval_s, "deadline_s": beat.deadline_s, "drain_s": beat.deadline_s + DRAIN_S}
        self.request: Mapping[str, Any] = {**errand.probe.request(), **rhythm}
        self.uncertain_s = 0.0
        with errors.open("ab") as file:
            self._process = subprocess.Popen(
                errand.host.argv(COMMAND),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                # Out of the terminal's reach: on Ctrl-C the drill heals first.
                start_new_session=True,
            )
        self._pump = threading.Thread(target=self._follow, args=(samples,), daemon=True)
        self._pump.start()
        self._write(sent(errand.probe.program, self.request))

    @property
    def pid(self) -> int:
        """Of the local end."""
        return self._process.pid

    def synchronise(self) -> None:
        """Measure its clock. Raises DrillError when it does not answer."""
        self._offset = self._measure()
        self.uncertain_s = self._offset.uncertain_s

    def begin(self, t0: float) -> None:
        self._say(t0=t0 + self._first + self._offset.seconds)

    def no_more(self) -> None:
        self.uncertain_s = self._offset.against(self._measure())
        with contextlib.suppress(BrokenPipeError):
            _pipe(self._process.stdin).close()

    def check(self) -> None:
        if self._process.poll() is not None:
            raise self._died()

    def hear(self, key: str, bound: float) -> Any:
        """The value of that key in the next line that it says, samples aside, within `bound` seconds."""
        try:
            data = self._heard.get(timeout=bound)
        except queue.Empty:
            raise DrillError(
                f"{self._name} did not say {key} within {bound:g} s", f"see nines status and {self._errors}"
            ) from None
        if data is None:
            raise self._died()
        if key not in data:
            raise DrillError(f"{self._name} could not start: {data.get('failed', data)}", "see nines status")
        return data[key]

    def books(self, ended: Mapping[str, Any]) -> Books:
        """What it said of itself at its end."""
        entries = tuple((int(slot), int(acked), int(issued)) for slot, acked, issued in ended["books"])
        return Books(probe=self._errand.probe.name, host=self._errand.host.name, request=self.request, entries=entries)

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._pump.join(5)
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(BrokenPipeError):
                _pipe(pipe).close()

    @property
    def _name(self) -> str:
        return f"{self._errand.probe.name} on {self._errand.host.name}"

    def _measure(self) -> Offset:
        readings: list[Reading] = []
        for number in range(_READINGS):
            sent_at = time.monotonic()
            self._say(clock=number)
            answer = self.hear("clock", _READING_S)
            readings.append(Reading(sent_at, float(answer["here"]), float(answer["heard"])))
        return Offset.of(readings)

    def _follow(self, samples: Path) -> None:
        """Until the program's output ends."""
        file = os.open(samples, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            for line in _pipe(self._process.stdout):
                now = time.monotonic()
                try:
                    said: dict[str, Any] = json.loads(line)
                except ValueError:
                    said = {"failed": f"this is no line of it: {line[:200].decode(errors='replace').strip()}"}
                if "sample" in said:
                    data = self._converted(said["sample"]).as_line().encode() + b"\n"
                    while data:
                        data = data[os.write(file, data) :]
                elif "clock" in said:
                    self._heard.put({"clock": {"here": said["here"], "heard": now}})
                else:
                    self._heard.put(said)
        finally:
            os.close(file)
            self._heard.put(None)

    def _converted(self, sample: dict[str, Any]) -> Sample:
        ours: dict[str, Any] = {"probe": self._errand.probe.name}
        ours |= {key: sample[key] - self._offset.seconds for key in _TIMES if key in sample}
        return Sample(**(sample | ours))

    def _say(self, **data: Any) -> None:
        self._write(json.dumps(data) + "\n")

    def _write(self, text: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # hear() says why
            pipe = _pipe(self._process.stdin)
            pipe.write(text.encode())
            pipe.flush()

    def _died(self) -> DrillError:
        code = self._process.wait(5)
        text = self._errors.read_text(errors="replace").strip()
        last = text.splitlines()[-1] if text else "it said nothing"
        return DrillError(f"{self._name} ended by itself (exit {code}): {last}", f"see {self._errors}")


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise TypeError("started without a pipe")
    return stream
