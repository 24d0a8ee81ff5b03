"""The standing lab, as the tests work it."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fournines.cloud import Cloud, load
from fournines.converge.inspect import HostView, inspect
from fournines.errors import NinesError
from fournines.hosts import Fleet, Power, run
from fournines.hosts.fleet import fleet
from fournines.services import catalogue
from fournines.state import State

REPOSITORY = Path(__file__).parents[2]
NINES = REPOSITORY / ".venv/bin/nines"
NUMBER = 75
"""The second byte of its networks."""
GUESTS = bool(os.environ.get("NINES_GUESTS"))
"""Whether the standing lab has hosts for guests: with them a run of all tests takes much longer."""
of_guests = pytest.mark.skipif(not GUESTS, reason="four hosts more, and much longer: NINES_GUESTS=1")


def changed(text: str, file: Path, *changes: tuple[str, str]) -> Path:
    """A cloud file of that text with these parts replaced, each of which it must have."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    file.write_text(text)
    return file


@dataclass(frozen=True)
class Standing:
    """The default lab under a name and subnets of its own, worked as an operator would: by the command line."""

    file: Path

    def changed(self, folder: Path, *changes: tuple[str, str], services: str = "") -> Path:
        """A file in that folder of the same cloud, of the same hosts, otherwise declared."""
        more = f"\nservices:\n{services}" if services else ""
        return changed(self.file.read_text() + more, folder / "changed.yaml", *changes)

    @property
    def cloud(self) -> Cloud:
        return load(self.file, catalogue())

    @property
    def state(self) -> State:
        return State(self.cloud.name)

    @property
    def fleet(self) -> Fleet:
        return fleet(self.cloud, self.state)

    def nines(
        self, *words: str, file: Path | None = None, timeout: float = 600, exits: Sequence[int] = (0,)
    ) -> subprocess.CompletedProcess[str]:
        """Run `nines` on this cloud; fails the test on another exit code."""
        done = subprocess.run(
            [NINES, *words, "--cloud", str(file or self.file)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode in exits, f"nines {' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def well(self, within_s: float = 180) -> None:
        """`nines status` says so in time. Ceph tells of one slow operation for a minute, on busy cores often."""
        end = time.monotonic() + within_s
        while (said := self.nines("status", exits=(0, 1))).returncode:
            assert time.monotonic() < end, said.stdout
            time.sleep(2)

    def json(self, *words: str, exits: Sequence[int] = (0,)) -> dict[str, Any]:
        """The one object that `nines ... --json` prints."""
        return json.loads(self.nines(*words, "--json", exits=exits).stdout)

    def on(self, host: str, *command: str, stdin: str = "") -> str:
        """Output of a command on a host. Raises HostError."""
        return run(self.fleet[host], command, stdin=stdin)

    def main_process(self, host: str, unit: str) -> str:
        """Its process id there; 0 while it has none."""
        return self.on(host, "systemctl", "show", "--property=MainPID", "--value", unit).strip()

    def power(self, host: str) -> Power:
        switched = self.fleet[host]
        assert isinstance(switched, Power)
        return switched

    def scene(self) -> str:
        """What may tell why the lab is not as it was left: how long each host is on, whom its BMC switched, and the
        last lines of what is not healthy."""
        lines: list[str] = []
        for host in self.cloud.hosts:
            try:
                lines.append(f"{host.name} is on for {self.on(host.name, 'ps', '-o', 'etime=', '-p', '1').strip()}")
            except NinesError as error:
                lines.append(str(error))
        log = self.state.folder / "lab/bmc.log"
        told = log.read_text().splitlines() if log.exists() else []
        lines += [line for line in told if ": POST" in line][-10:]
        for name, host in self.json("status", exits=(0, 1))["hosts"].items():
            for service in (one for one, seen in host["services"].items() if seen["ok"] is False):
                said = self.nines("logs", name, service, "--lines", "40", exits=(0, 1)).stdout
                lines.append(f"{service} of {name}:\n{said}")
        return "\n".join(lines)

    def views(self) -> dict[str, HostView]:
        return dict(inspect(self.cloud, self.fleet))
