"""The drill's side of the probers, processes here and programs on hosts: start, follow their samples, stop."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from fournines.probes import api_probe
from fournines.prove.prober import UNDO_S, Beat, Plan
from fournines.prove.processes import READY_S, Processes
from fournines.prove.remote import Books, Errand, HostProber
from fournines.prove.samples import Noise, Sample, parse, read


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
        self._remote: list[HostProber] = []
        with ExitStack() as started:
            for index, errand in enumerate(errands):
                first = errand.beat.interval_s * index / len(errands)
                name = f"{errand.probe.name}.err"
                self._remote.append(HostProber(errand, plan.samples, plan.samples.with_name(name), first))
                started.callback(self._remote[-1].end)
            self._here = Processes(plan)
            started.callback(self._here.end)
            for program in self._remote:
                program.hear("ready", READY_S)
                program.synchronise()
            self.t0 = self._here.begin()
            for program in self._remote:
                program.begin(self.t0)
            self._started = started.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._started.close()

    @property
    def pids(self) -> list[int]:
        return [*self._here.pids, *(program.pid for program in self._remote)]

    def new_samples(self) -> list[Sample]:
        """Those completed since the last call. Raises DrillError when a process is dead."""
        for each in (self._here, *self._remote):
            each.check()
        with self.plan.samples.open("rb") as file:
            file.seek(self._offset)
            data = file.read()
        self._offset += len(data)
        *lines, self._tail = (self._tail + data).split(b"\n")
        return list(parse(line.decode() for line in lines))

    def stop(self) -> Noise:
        """No more starts; waits for open requests, within their deadlines, and for what they made to go.

        Raises DrillError when it does not end.
        """
        for each in (self._here, *self._remote):
            each.no_more()
        bound = max(_longest(beat) for beat in self.plan.beats) + 15
        said = self._here.ended(bound)
        ended = [(program, program.hear("ended", bound)) for program in self._remote]
        self.books = tuple(program.books(end) for program, end in ended if end["books"])
        said = [*said, *(end for _, end in ended)]
        return Noise.of(
            read(self.plan.samples),
            stalls=tuple(sorted((float(when), float(length)) for end in said for when, length in end["stalls"])),
            open_max=sum(end["open_max"] for end in said),
            cpu_s=round(sum(end["cpu_s"] for end in said), 3),
            clock_s=max([program.uncertain_s for program in self._remote], default=0.0),
        )


def _longest(beat: Beat) -> float:
    """For which a request may be under way, what it made included."""
    return beat.deadline_s + (UNDO_S if api_probe(beat.probe).lasting else 0)
