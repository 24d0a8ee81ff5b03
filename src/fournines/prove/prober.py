"""The open-loop prober of APIs, processes of their own: `python -m fournines.prove.prober`.

Talks JSON, an object a line. Standard input: a `Plan` (it holds a password: hence not an argument); later
`{"t0": T0}`; then nothing, and its end, also by the death of whoever holds it, means stop. Standard output:
`{"ready": true}` when there is a token (who stands for days begins without one, too); after the stop
`{"ended": {...}}`; or `{"failed": "why"}`. Samples go to the plan's file as they complete.

Start k of a probe is at T0 + offset + k * interval, fixed ahead. Each request is its own task, and none is left out
because earlier ones are still under way; a late start is made at once and its lateness counts into the request's
latency, for a client that arrives does not care why it waited. What a request of some probes has made is removed once
its sample is written, and a stop waits for that too.

At 100 requests a second one on a fresh connection costs 2.6 ms of a core, on a kept one 1.2 ms; at 1,000 a second
0.5 ms, for then one turn of the loop serves several (as `scripts/bench prober` measures; more on a loaded machine).
More are more processes: of n shards, number i makes the starts k with k % n == i.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import queue
import resource
import signal
import sys
import threading
from collections import deque
from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp

from fournines.probes import Api, ApiProbe, Connections, Probe, ProbeError, Session, api_probe, describe
from fournines.probes._lasting import undo
from fournines.prove.samples import Sample

HEARTBEAT_S = 0.02
STALL_S = 0.1
_WARM = 6
"""Requests of each reading probe before the run: two for each of three controllers."""
_WARM_S = 20
_REFRESH_S = 1.0
UNDO_S = 60
"""For a probe to remove what a request of it has made."""
_SPREAD_S = 2
"""Over which first starts are spread at most: who asks rarely shall not begin late."""
_STALLS = 10_000
"""So many are remembered: who runs for months must not grow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """One probe and its rhythm."""

    probe: str
    interval_s: float
    deadline_s: float

    @classmethod
    def of(cls, probe: Probe, speed: float = 1) -> Beat:
        """The probe's own rhythm, or `speed` times as many starts a second."""
        return cls(probe=probe.name, interval_s=probe.interval_s / speed, deadline_s=probe.deadline_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a prober is told."""

    api: Api
    beats: tuple[Beat, ...]
    samples: Path
    """Shards append to one file."""
    connections: Connections = "fresh"
    shard: int = 0
    shards: int = 1
    standing: bool = False
    """It runs for days, and a cloud that gives no token is what it measures."""

    def as_line(self) -> str:
        return json.dumps(asdict(self) | {"samples": str(self.samples)}) + "\n"

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Plan:
        return cls(
            api=Api(**data["api"]),
            beats=tuple(Beat(**beat) for beat in data["beats"]),
            samples=Path(data["samples"]),
            connections=data["connections"],
            shard=data["shard"],
            shards=data["shards"],
            standing=data["standing"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What one process says of itself at its end."""

    stalls: tuple[tuple[float, float], ...]
    """(when, how long) its event loop did not run for more than 0.1 s."""
    open_max: int
    """Most requests under way at one time."""
    cpu_s: float
    """Processor time that it used."""


class _Writer:
    """Appends lines from a thread of its own: a slow disk must not delay a start."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="writer")
        self._thread.start()

    def put(self, line: str) -> None:
        self._lines.put(line)

    def close(self) -> None:
        self._lines.put(None)
        self._thread.join()
        os.close(self._file)

    def _run(self) -> None:
        while (line := self._lines.get()) is not None:
            # One write a line: shards share the file, and the kernel keeps appended writes whole.
            data = line.encode() + b"\n"
            while data:
                data = data[os.write(self._file, data) :]


class Prober:
    """Runs beats until told to stop. All times are the event loop's, which is CLOCK_MONOTONIC."""

    def __init__(self, session: Session, plan: Plan, writer: _Writer) -> None:
        self._session = session
        self._plan = plan
        self._writer = writer
        self._stop = asyncio.Event()
        self._open: set[asyncio.Task[None]] = set()
        self._open_max = 0
        self._stalls: deque[tuple[float, float]] = deque(maxlen=_STALLS)

    def stop(self) -> None:
        self._stop.set()

    async def run(self, t0: float) -> Ended:
        """Probe from `t0` until `stop`, then let open requests end (each within its deadline) and what they made go."""
        beats = self._plan.beats
        loops = [
            asyncio.create_task(self._beat(beat, t0 + min(beat.interval_s, _SPREAD_S) * index / len(beats)))
            for index, beat in enumerate(beats)
        ]
        if self._plan.standing:
            loops.append(asyncio.create_task(self._refresh()))
        heart = asyncio.create_task(self._heart())
        stopped = asyncio.create_task(self._stop.wait())
        # A loop ends by itself only with a defect, which must not look like a quiet cloud.
        done, _ = await asyncio.wait([stopped, heart, *loops], return_when=asyncio.FIRST_COMPLETED)
        for task in [stopped, *loops]:
            task.cancel()
        while self._open:
            await asyncio.wait(self._open)
        heart.cancel()
        for task in done:
            task.result()
        usage = resource.getrusage(resource.RUSAGE_SELF)
        stalls = tuple((round(when, 6), round(length, 6)) for when, length in self._stalls)
        return Ended(stalls=stalls, open_max=self._open_max, cpu_s=round(usage.ru_utime + usage.ru_stime, 3))

    async def _beat(self, beat: Beat, first: float) -> None:
        loop, probe, seq = asyncio.get_running_loop(), api_probe(beat.probe), self._plan.shard
        while True:
            intended = first + seq * beat.interval_s
            if (early := intended - loop.time()) > 0:
                await asyncio.sleep(early)
            task = asyncio.create_task(self._attempt(probe, beat, seq, intended))
            self._open.add(task)
            self._open_max = max(self._open_max, len(self._open))
            task.add_done_callback(self._open.discard)
            seq += self._plan.shards

    async def _attempt(self, probe: ApiProbe, beat: Beat, seq: int, intended: float) -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        error, detail, ack = None, None, None
        try:
            async with asyncio.timeout_at(intended + beat.deadline_s):
                ack = await probe.once(self._session, seq)
        except Exception as caught:
            error, detail = describe(caught)
        end = loop.time()
        if error is None and end - intended > beat.deadline_s:
            error, detail = "deadline", "answered, but too late"
        sample = Sample(
            probe=beat.probe,
            seq=seq,
            intended=intended,
            start=start,
            end=end,
            ok=error is None,
            error=error,
            detail=detail[:300] if detail else None,
            ack=ack,
        )
        self._writer.put(sample.as_line())
        if probe.lasting:
            # What is left the drill removes, or says so.
            with contextlib.suppress(ProbeError, aiohttp.ClientError, OSError):
                async with asyncio.timeout(UNDO_S):
                    await undo(self._session, seq)

    async def _refresh(self) -> None:
        while True:
            self._session.refresh()
            await asyncio.sleep(_REFRESH_S)

    async def _heart(self) -> None:
        """Notice standing still also between starts."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + HEARTBEAT_S
            await asyncio.sleep(HEARTBEAT_S)
            if (late := loop.time() - due) > STALL_S:
                self._stalls.append((due, late))


def _prefer_me() -> None:
    """Run before the cloud that shares this machine's cores, as far as this user may. An instrument comes first."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, -15)
    # With autogroup the kernel compares sessions first, and nice values only inside one.
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text("-15")


@contextlib.contextmanager
def _quiet_memory() -> Generator[None]:
    """No long collections of what was imported."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def _say(**data: object) -> None:
    print(json.dumps(data), flush=True)


class _Input:
    """Standard input, a line at a time, read without a buffer: what comes later is for whoever asks later."""

    def __init__(self) -> None:
        self._rest = b""

    def line(self) -> bytes:
        """The next line; empty at the end of the input."""
        while b"\n" not in self._rest:
            more = os.read(0, 65536)
            if not more:
                return b""
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\n")
        return line


async def _main(plan: Plan, given: _Input) -> None:
    try:
        session = Session(plan.api, plan.connections)
    except OSError as error:
        _cannot(error)
        return
    async with session:
        try:
            await session.prepare(deadline_s=10)
            await _warm(session, plan)
        except Exception as error:
            if not plan.standing:
                _cannot(error)
                return
        await _probe(session, plan, given)


def _cannot(error: Exception) -> None:
    kind, detail = describe(error)
    _say(failed=f"no token before the run: {kind} {detail or error}".strip())


async def _probe(session: Session, plan: Plan, given: _Input) -> None:
    _say(ready=True)
    line = await asyncio.to_thread(given.line)
    if not line:
        return
    loop = asyncio.get_running_loop()
    writer = _Writer(plan.samples)
    try:
        prober = Prober(session, plan, writer)
        threading.Thread(target=_until_end, args=(given, loop, prober), daemon=True).start()
        with _quiet_memory():
            ended = await prober.run(float(json.loads(line)["t0"]))
    finally:
        writer.close()
    _say(ended=asdict(ended))


async def _warm(session: Session, plan: Plan) -> None:
    """Let every API meet the token before the run: a service asks Keystone about one that it has not seen.

    Only by reading, for a write leaves something that no sample knows. Whatever goes wrong shows in the baseline.
    """

    async def meet(probe: ApiProbe) -> None:
        for seq in range(_WARM):
            await probe.once(session, seq)

    every = [api_probe(beat.probe) for beat in plan.beats]
    reads = [probe for probe in every if not (probe.writes or probe.lasting)]
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_WARM_S):
            await asyncio.gather(*(meet(probe) for probe in reads), return_exceptions=True)


def _until_end(given: _Input, loop: asyncio.AbstractEventLoop, prober: Prober) -> None:
    while given.line():
        pass
    with contextlib.suppress(RuntimeError):  # the loop has ended by itself
        loop.call_soon_threadsafe(prober.stop)


def main() -> int:
    # The drill decides about signals from a terminal, and stops us when it has healed.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _prefer_me()
    given = _Input()
    plan = Plan.from_data(json.loads(given.line()))
    asyncio.run(_main(plan, given))
    return 0


if __name__ == "__main__":
    sys.exit(main())
