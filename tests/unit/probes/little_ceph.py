"""Block storage that can be broken on purpose, and a client host of it: a real python3, librbd's stand-in."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from fournines.probes._blocks import POOL

_LIBRARIES = Path(__file__).parent / "ceph_stand_in"


class LittleCeph:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / POOL).mkdir(parents=True)

    def become(self, mode: str) -> float:
        """`up`, `blocked`, `fails` or `loses`. Returns when, on our clock."""
        for each in ("blocked", "fails", "loses"):
            (self.folder / each).unlink(missing_ok=True)
        if mode != "up":
            (self.folder / mode).touch()
        return time.monotonic()

    def images(self) -> list[Path]:
        return sorted((self.folder / POOL).iterdir())


class ClientHost:
    """`clock`: seconds by which its clock is ahead of ours, where that can be done."""

    def __init__(self, name: str, ceph: LittleCeph, clock: int = 0) -> None:
        self.name = name
        self._ceph = ceph
        self._clock = clock

    def argv(self, command: Sequence[str]) -> list[str]:
        assert command[0] == "python3"
        other = ["unshare", "--time", "--monotonic", str(self._clock), "--fork", "--kill-child"] if self._clock else []
        known = [f"PYTHONPATH={_LIBRARIES}", f"STAND_IN_CEPH={self._ceph.folder}"]
        return ["env", *known, *other, sys.executable, *command[1:]]
