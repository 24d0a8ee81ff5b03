"""The open-loop prober, a process of its own: `python -m fournines.prove.prober`.

Standard input: one line of JSON (a `Plan`, with a password: hence not an argument), then nothing; its end, also by the
death of whoever holds it, means stop. Standard output: `{"ready": T0}` when the first start is fixed, and after
the stop `{"noise": {...}}`; or `{"failed": "why"}`. Samples go to the plan's file as they complete.

Start k of a probe is at T0 + offset + k * interval, fixed ahead. Each request is its own task, and none is left out
because earlier ones are still under way; a late start is made at once and its lateness counts into the request's
latency, for a client that arrives does not care why it waited. One process carries some hundred requests a
second; more are more processes with a share of the probes each.
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
from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from fournines.probes import Api, Probe, Session, catalogue, describe
from fournines.prove.samples import Noise, Sample

HEARTBEAT_S = 0.02
STALL_S = 0.1
LEAD_S = 0.2
"""From `ready` to the first start."""


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

    def as_line(self) -> str:
        data = {"api": asdict(self.api), "beats": [asdict(beat) for beat in self.beats], "samples": str(self.samples)}
        return json.dumps(data) + "\n"

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Plan:
        beats = tuple(Beat(**beat) for beat in data["beats"])
        return cls(api=Api(**data["api"]), beats=beats, samples=Path(data["samples"]))


class _Writer:
    """Writes lines from a thread of its own: a slow disk must not delay a start."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="writer")
        self._thread.start()

    def put(self, line: str) -> None:
        self._lines.put(line)

    def close(self) -> None:
        self._lines.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (line := self._lines.get()) is not None:
            self._file.write(line + "\n")
            if self._lines.empty():
                self._file.flush()
        self._file.flush()


class Prober:
    """Runs beats until told to stop. All times are the event loop's, which is CLOCK_MONOTONIC."""

    def __init__(self, session: Session, writer: _Writer) -> None:
        self._session = session
        self._writer = writer
        self._stop = asyncio.Event()
        self._open: set[asyncio.Task[None]] = set()
        self._open_max = 0
        self._late: list[float] = []
        self._stalls: list[tuple[float, float]] = []

    def stop(self) -> None:
        self._stop.set()

    async def run(self, beats: tuple[Beat, ...], t0: float) -> Noise:
        """Probe from `t0` until `stop`, then let open requests end (each within its deadline)."""
        offsets = [beat.interval_s * index / len(beats) for index, beat in enumerate(beats)]
        loops = [
            asyncio.create_task(self._beat(beat, t0 + offset)) for beat, offset in zip(beats, offsets, strict=True)
        ]
        heart = asyncio.create_task(self._heart())
        ended = asyncio.create_task(self._stop.wait())
        # A loop ends by itself only with a defect, which must not look like a quiet cloud.
        done, _ = await asyncio.wait([ended, heart, *loops], return_when=asyncio.FIRST_COMPLETED)
        for task in [ended, *loops]:
            task.cancel()
        while self._open:
            await asyncio.wait(self._open)
        heart.cancel()
        for task in done:
            task.result()
        late = sorted(self._late) or [0.0]
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return Noise(
            starts=len(self._late),
            p99_s=round(late[min(len(late) - 1, int(len(late) * 0.99))], 6),
            max_s=round(late[-1], 6),
            stalls=tuple((round(when, 6), round(length, 6)) for when, length in self._stalls),
            open_max=self._open_max,
            cpu_s=round(usage.ru_utime + usage.ru_stime, 3),
        )

    async def _beat(self, beat: Beat, first: float) -> None:
        loop, probe, seq = asyncio.get_running_loop(), catalogue()[beat.probe], 0
        while True:
            intended = first + seq * beat.interval_s
            if (early := intended - loop.time()) > 0:
                await asyncio.sleep(early)
            task = asyncio.create_task(self._attempt(probe, beat, seq, intended))
            self._open.add(task)
            self._open_max = max(self._open_max, len(self._open))
            task.add_done_callback(self._open.discard)
            seq += 1

    async def _attempt(self, probe: Probe, beat: Beat, seq: int, intended: float) -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        self._late.append(start - intended)
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


async def _main(plan: Plan) -> None:
    try:
        session = Session(plan.api)
        await session.prepare(deadline_s=10)
    except Exception as error:
        kind, detail = describe(error)
        _say(failed=f"no token before the run: {kind} {detail or error}".strip())
        return
    loop = asyncio.get_running_loop()
    with plan.samples.open("w", encoding="utf-8") as file, _quiet_memory():
        writer = _Writer(file)
        try:
            prober = Prober(session, writer)
            threading.Thread(target=_until_end_of_input, args=(loop, prober), daemon=True).start()
            t0 = loop.time() + LEAD_S
            _say(ready=t0)
            noise = await prober.run(plan.beats, t0)
        finally:
            writer.close()
    _say(noise=asdict(noise))


def _until_end_of_input(loop: asyncio.AbstractEventLoop, prober: Prober) -> None:
    while os.read(0, 4096):
        pass
    with contextlib.suppress(RuntimeError):  # the loop has ended by itself
        loop.call_soon_threadsafe(prober.stop)


def _first_line() -> bytes:
    """The plan. Read without buffering: what follows it is for the thread that waits for the end."""
    line = bytearray()
    while not line.endswith(b"\n"):
        more = os.read(0, 65536)
        if not more:
            break
        line += more
    return bytes(line)


def main() -> int:
    # The drill decides about signals from a terminal, and stops us when it has healed.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _prefer_me()
    plan = Plan.from_data(json.loads(_first_line()))
    asyncio.run(_main(plan))
    return 0


if __name__ == "__main__":
    sys.exit(main())
