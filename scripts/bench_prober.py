"""See scripts/bench. The prober by itself, without a cloud: its own processes against a server on loopback.

The server is a process of its own on the last core: asyncio and TLS, with a certificate of the project's own authority;
it finds where a request ends and writes bytes that were made before. What it needed of its core is told: near 100 % it
is the server that was measured.

    scripts/bench prober [SECONDS]     of each run; 20 by itself
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import secrets
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fournines.probes import Api, Connections
from fournines.prove import samples as sampled
from fournines.prove.fleet import ProbeFleet
from fournines.prove.prober import Beat, Plan
from fournines.prove.samples import Noise, Sample
from fournines.state import Vault

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
PROBES = ("token", "read")
"""Half of the starts each: a POST, and a GET that is answered with 5 KB of JSON."""
DEADLINE_S = 5.0
END_S = 1.0
"""What was due in the last second is not missed: a late prober is told to stop before it starts that."""
OVERLOAD_S = 5.0
MS = 1000
CONTENT = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
CLOSE = re.compile(rb"(?i)\r\nconnection: *close")


@dataclass(frozen=True, slots=True)
class Run:
    """What a prober did."""

    due: int
    missed: int
    samples: Sequence[Sample]
    noise: Noise
    processes: int
    cpu_s: float
    """Of the prober, from its first start on."""
    seconds: float
    """From there until its last request had ended."""
    server: float
    """What the server used of a core."""
    connections: int
    """That the server took, those of warming up among them."""

    @property
    def good(self) -> int:
        return sum(sample.ok for sample in self.samples)

    @property
    def still_s(self) -> float:
        return max([self.noise.max_s, *(length for _, length in self.noise.stalls)])

    def late_ms(self, part: float) -> float:
        late = sorted(sample.start - sample.intended for sample in self.samples)
        return late[min(len(late) - 1, int(len(late) * part))] * MS


class Fixed(asyncio.Protocol):
    """One connection of the server. Who posts is given a token, everybody else the catalogue."""

    taken = 0
    token = catalogue = b""

    def __init__(self) -> None:
        self._held = b""

    def connection_made(self, transport: asyncio.Transport) -> None:
        Fixed.taken += 1
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            head = self._held[:end]
            sized = CONTENT.search(head)
            whole = end + 4 + (int(sized[1]) if sized else 0)
            if len(self._held) < whole:
                return
            self._held = self._held[whole:]
            self._transport.write(Fixed.token if head.startswith(b"POST") else Fixed.catalogue)
            if CLOSE.search(head):
                self._transport.close()


def answer(status: str, body: object, *headers: str) -> bytes:
    data = json.dumps(body).encode()
    lines = (f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(data)}", *headers)
    return "\r\n".join([*lines, "", ""]).encode() + data


def serve(folder: str) -> None:
    """Says its port; at the end of its input, how many connections it took."""
    token = {
        "user": {"id": "u" * 32, "name": "admin"},
        "project": {"id": "p" * 32, "name": "admin"},
        "issued_at": "2026-01-01T00:00:00.000000Z",
        "expires_at": "2026-01-02T00:00:00.000000Z",
    }
    Fixed.token = answer("201 Created", {"token": token}, f"X-Subject-Token: {'t' * 180}")
    endpoints = [
        {"id": "e" * 32, "interface": interface, "region": "RegionOne", "url": "https://10.0.0.10:5000"}
        for interface in ("public", "internal", "admin")
    ]
    types = ("identity", *(f"service-{number}" for number in range(12)))
    services = [{"id": "s" * 32, "type": kind, "name": kind, "endpoints": endpoints} for kind in types]
    Fixed.catalogue = answer("200 OK", {"catalog": services})

    async def run() -> None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(f"{folder}/api.pem", f"{folder}/api.key")
        server = await asyncio.get_running_loop().create_server(Fixed, "127.0.0.1", 0, ssl=tls, backlog=4096)
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)
        print(Fixed.taken, flush=True)
        os._exit(0)  # whatever is still open

    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -15)  # as the prober: whom it waits for must not be the machine's other load
    asyncio.run(run())


@contextlib.contextmanager
def serving(folder: Path) -> Generator[subprocess.Popen[str]]:
    words = [sys.executable, __file__, "serve", str(folder)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        os.sched_setaffinity(process.pid, {max(os.sched_getaffinity(0))})
        try:
            yield process
        finally:
            process.kill()


def cpu_s(pid: int) -> float:
    """Used so far; also of a process that has ended, until somebody waits for it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def started(plan: Plan, cores: set[int]) -> ProbeFleet:
    """On these cores: whom we start may use what we may, and there is no more than one process for each."""
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        return ProbeFleet(plan)
    finally:
        os.sched_setaffinity(0, everywhere)


def probe(rate: int, connections: Connections, seconds: float, cores: set[int]) -> Run:
    """So many starts a second for so long."""
    with tempfile.TemporaryDirectory() as made:
        vault = Vault(Path(made, "vault"))
        vault.certificate("api", ["127.0.0.1"])
        with serving(vault.ca_file.parent) as server:
            api = Api(
                endpoints={"keystone": f"https://127.0.0.1:{int(server.stdout.readline())}"},
                ca_file=str(vault.ca_file),
                username="admin",
                password=secrets.token_hex(),
                project="admin",
            )
            beats = tuple(Beat(probe=name, interval_s=len(PROBES) / rate, deadline_s=DEADLINE_S) for name in PROBES)
            plan = Plan(api=api, beats=beats, samples=Path(made, "samples.jsonl"), connections=connections)
            with started(plan, cores) as fleet:
                before, served = sum(map(cpu_s, fleet.pids)), cpu_s(server.pid)
                time.sleep(max(0.0, fleet.t0 + seconds + END_S - time.monotonic()))
                spent = cpu_s(server.pid) - served
                noise = fleet.stop()
                took, used = time.monotonic() - fleet.t0, sum(map(cpu_s, fleet.pids)) - before
            server.stdin.close()
            taken = int(server.stdout.readline())
            found = sampled.read(plan.samples)
    made_ones = {(sample.probe, sample.seq) for sample in found}
    due = {
        (beat.probe, seq)
        for index, beat in enumerate(beats)
        for seq in range(int(seconds / beat.interval_s - index / len(beats)) + 1)
    }
    share = spent / (seconds + END_S)
    return Run(len(due), len(due - made_ones), found, noise, len(fleet.pids), used, took, share, taken)


def row(figure: str, asked: str, *measured: str) -> None:
    both = " ".join(f"{each:>16}" for each in measured)
    print(f"{figure:<38} {asked:>8} {both:<33} {os.getloadavg()[0]:>6.1f}", flush=True)


def table(title: str, runs: Sequence[Run], late: str = "", still: str = "") -> None:
    """A column each. `late`: asked of the 99th percentile; `still`: of the worst."""
    row(title, "")
    row("  processes", "", *(str(each.processes) for each in runs))
    row("  starts that were due", "", *(str(each.due) for each in runs))
    row("    of them not made", "0", *(str(each.missed) for each in runs))
    row("  good answers a second", "", *(f"{each.good / each.seconds:.0f}" for each in runs))
    row("  bad ones of all", "", *(f"{1 - each.good / len(each.samples):.1%}" for each in runs))
    row("  start late, median", "", *(f"{each.late_ms(0.5):.1f} ms" for each in runs))
    row("  start late, 99 %", late, *(f"{each.late_ms(0.99):.1f} ms" for each in runs))
    row("  start late or loop still, at most", still, *(f"{each.still_s * MS:.1f} ms" for each in runs))
    row("  CPU of the prober, a request", "", *(f"{each.cpu_s / len(each.samples) * MS:.2f} ms" for each in runs))
    row("  CPU of the prober, of a core", "", *(f"{each.cpu_s / each.seconds:.0%}" for each in runs))
    row("  CPU of the server, of its core", "", *(f"{each.server:.0%}" for each in runs))
    row("  connections", "", *(str(each.connections) for each in runs))
    row("  most requests under way at a time", "", *(str(each.noise.open_max) for each in runs))


def main() -> None:
    if sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2])
        return
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20
    cores = os.sched_getaffinity(0)
    print(f"{'figure':<38} {'asked':>8} {'measured':<33} {'load':>6}")
    table("200 starts a second, fresh", [probe(200, "fresh", seconds, cores)], still="100 ms")
    kept = probe(1000, "kept", seconds, {min(cores)})
    # More than one core carries: what it has put off is made up for afterwards, and must be within a bound.
    fresh = probe(1000, "fresh", min(seconds, OVERLOAD_S), {min(cores)})
    table("1,000 a second on one core: kept, fresh", [kept, fresh], late="20 ms")


if __name__ == "__main__":
    main()
