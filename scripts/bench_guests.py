"""See scripts/bench. Of guests, asked by nobody but this: one row a figure, asked, measured, and the load average when
it was taken. All probes of a drill beside ten hosts are more than two cores give.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from bench import NINES, lab_file, nines, row, timed

from fournines.cloud import Cloud, load
from fournines.converge.inspect import inspect
from fournines.demo.ask import ask
from fournines.errors import NinesError
from fournines.faults import named
from fournines.guest.status import GuestStatus
from fournines.hosts import Fleet, Host
from fournines.hosts.fleet import fleet
from fournines.prove.targets import resolve
from fournines.services import catalogue
from fournines.state import State

BOUND_S = 300
TIMES = int(sys.argv[1]) if len(sys.argv) > 1 else 3
HELD_S = 20
"""So long a fault that a guest outlives is left before it is healed, and so long its return is watched."""


class Answers:
    """Of the demo's guest, asked ten times a second."""

    def __init__(self, address: IPv4Address) -> None:
        self.address = address
        self.heard: list[tuple[float, float]] = []
        """(asked, answered)."""
        self.failed: list[float] = []
        """When what had no answer was asked."""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def _ask(self) -> None:
        while not self._over.wait(0.1):
            asked = time.monotonic()
            try:
                ask(self.address, timeout=1)
            except (OSError, NinesError):
                self.failed.append(asked)
            else:
                self.heard.append((asked, time.monotonic()))

    @contextlib.contextmanager
    def listening(self) -> Generator[None]:
        ask(self.address, timeout=10)
        self._thread.start()
        try:
            time.sleep(2)
            yield
        finally:
            self._over.set()
            self._thread.join()

    def gap(self, since: float = 0, until: float = float("inf")) -> str:
        """The longest time without an answer that began between these, to the next answer, and how many requests had
        none: a machine that is busy answers late."""
        gaps = [end - began for (began, _), (_, end) in itertools.pairwise(self.heard) if end > since and began < until]
        lost = sum(since <= asked < until for asked in self.failed)
        return f"{max(gaps):.2f} s, {lost} lost" if gaps else "no answer any more"


class Bench:
    def __init__(self, file: Path) -> None:
        self.file = file
        self.cloud: Cloud = load(file, catalogue())
        self.fleet: Fleet = fleet(self.cloud, State(self.cloud.name))

    def demo(self) -> dict[str, Any]:
        return json.loads(nines("demo", "--json", "--cloud", str(self.file)))

    def target(self, word: str) -> Host:
        (name,) = resolve(word, inspect(self.cloud, self.fleet), self.cloud)
        return self.fleet[name]

    def well(self) -> None:
        end = time.monotonic() + BOUND_S
        while (done := self._status()).returncode:
            if time.monotonic() > end:
                raise SystemExit(done.stdout)
            time.sleep(2)

    def _status(self) -> subprocess.CompletedProcess[str]:
        words = [NINES, "status", "--cloud", str(self.file)]
        return subprocess.run(words, capture_output=True, text=True, check=False)

    def reached(self, fault: str, asked: str, back: str | None) -> None:
        """A fault on the way to the guest, which goes on."""
        answers = Answers(IPv4Address(self.demo()["address"]))
        host = self.target(named(fault).target)
        with answers.listening():
            began = time.monotonic()
            time.sleep(HELD_S)
            struck = time.monotonic()
            named(fault).inject([host])
            time.sleep(HELD_S)
            healed = time.monotonic()
            named(fault).heal([host])
            self.well()
            time.sleep(HELD_S)
            end = time.monotonic()
        row(f"{fault}, guest's HTTP", asked, answers.gap(struck, healed))
        if back is not None:
            row("  at its return", back, answers.gap(healed, end))
        row("  before it, quiet", "-", answers.gap(began, struck))

    def revived(self, fault: str, asked: str) -> None:
        """A fault of the guest's host: until it answers on another one, with its disk."""
        demo = self.demo()
        address, host = IPv4Address(demo["address"]), self.fleet[demo["host"]]
        before = ask(address, timeout=10)
        struck = time.monotonic()
        named(fault).inject([host])
        after = self._booted(address, before, struck)
        seconds = time.monotonic() - struck
        kept = before.counter is not None and after.counter is not None and after.counter >= before.counter
        row(f"{fault}, guest answers elsewhere", asked, f"{seconds:.1f} s")
        row("  its disk's counter", "goes on", f"{before.counter} -> {after.counter}" if kept else "LOST")
        named(fault).heal([host])
        self.well()
        if self.demo()["host"] == host.name:
            raise SystemExit(f"{host.name} still has the guest")

    def _booted(self, address: IPv4Address, before: GuestStatus, struck: float) -> GuestStatus:
        while time.monotonic() - struck < BOUND_S:
            with contextlib.suppress(OSError, NinesError):
                found = ask(address, timeout=1)
                if found.uuid == before.uuid and found.boot_id != before.boot_id and found.counter is not None:
                    return found
            time.sleep(0.1)
        raise SystemExit(f"the guest did not come back within {BOUND_S} s")

    def migrated(self, asked: str) -> None:
        demo = self.demo()
        answers = Answers(IPv4Address(demo["address"]))
        with answers.listening():
            nines("maintain", demo["host"], "--cloud", str(self.file))
            time.sleep(2)
        nines("maintain", demo["host"], "--done", "--cloud", str(self.file))
        row("live migration, guest's HTTP", asked, answers.gap())


def main() -> None:
    with lab_file() as file:
        row("up to the guest's answer", "300 s", f"{timed(lambda: nines('up', str(file)))[0]:.0f} s")
        bench = Bench(file)
        for _ in range(TIMES):
            bench.revived("compute-power-loss", "60 s")
        for _ in range(TIMES):
            bench.revived("compute-isolate", "-")
        for _ in range(TIMES):
            bench.reached("network-node-power-loss", "5 s", "0 s")
        for _ in range(TIMES):
            bench.reached("ovs-kill", "6 s", None)
        bench.reached("l3-agent-kill", "0 s", None)
        bench.reached("dhcp-agent-kill", "0 s", None)
        for _ in range(TIMES):
            bench.migrated("3 s")


if __name__ == "__main__":
    main()
