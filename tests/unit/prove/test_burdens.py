"""Faults that take what a host's daemons need."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from fournines.errors import DrillError
from fournines.faults import named
from fournines.faults.onhost import step_clock
from fournines.faults.onhost.take_memory import wanted


class Machine:
    """A host of that kind, as systemd tells, on which systemd writes down what it is told."""

    name = "c1"

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder, self.told = folder, folder / "told"
        self.told.touch()
        for program, script in (
            ("systemd-detect-virt", f"echo {kind}; [ {kind} != none ]"),
            ("systemctl", "true"),
            ("systemd-run", "true"),
        ):
            (folder / program).write_text(f'#!/bin/sh\necho {program} "$@" >> {self.told}\n{script}\n')
            (folder / program).chmod(0o755)

    def argv(self, command: Sequence[str]) -> list[str]:
        return ["env", f"PATH={self.folder}:/usr/bin:/bin", *command]


@pytest.mark.parametrize("name", ["memory-pressure", "disk-full", "clock-step"])
def test_what_a_container_shares_with_its_neighbours_is_left_alone(tmp_path: Path, name: str) -> None:
    fault = named(name)
    with pytest.raises(DrillError, match=r"c1 is a container: its \w+ is its neighbours' too"):
        fault.possible([Machine(tmp_path, "systemd-nspawn")])
    fault.possible([Machine(tmp_path, "none")])


@pytest.mark.parametrize("name", ["cpu-starvation", "memory-pressure", "disk-full"])
def test_a_burden_ends_by_itself(tmp_path: Path, name: str) -> None:
    host = Machine(tmp_path, "none")
    named(name).inject([host])
    said = host.told.read_text()
    assert f"systemd-run --quiet --collect --unit=nines-{name} --property=RuntimeMaxSec=300" in said
    assert "$" not in said, "systemd would put something in its place"
    assert "%" not in said
    host.told.write_text("")
    named(name).heal([host])
    assert host.told.read_text() == f"systemctl stop nines-{name}.service\n"


def test_the_kernel_kills_others_for_memory(tmp_path: Path) -> None:
    host = Machine(tmp_path, "none")
    named("memory-pressure").inject([host])
    assert " --property=OOMScoreAdjust=-1000 " in host.told.read_text()


def test_how_much_memory_is_taken() -> None:
    text = "MemTotal:       100000 kB\nMemFree:        10000 kB\nMemAvailable:   40000 kB\n"
    assert wanted(text) == 38000 * 1024, "a fiftieth of the whole stays"
    assert wanted(text.replace("40000", " 1999")) < 0


def test_a_full_disk_is_full_for_root_and_empty_again_when_it_ends() -> None:
    program = Path(__file__).parents[3] / "src/fournines/faults/onhost/take_disk.py"
    tried = (
        "mount -t tmpfs -o size=3m nines /mnt && cd /mnt && "
        f'{sys.executable} -c \'import os, runpy; fill = runpy.run_path("{program}")["fill"]; '
        'file = os.open("/mnt", os.O_TMPFILE | os.O_RDWR); size = fill(file, 0); print(size); '
        'free = os.statvfs("/mnt"); print(free.f_bfree); print(fill(file, size) == size)\' && '
        "dd if=/dev/zero of=/mnt/one bs=1M count=2 2> /dev/null && echo free again"
    )
    done = subprocess.run(["unshare", "--mount", "sh", "-c", tried], capture_output=True, text=True, check=False)
    if "Operation not permitted" in done.stderr:
        pytest.skip("no mount namespace can be made here")
    assert done.stdout.splitlines() == [str(3 << 20), "0", "True", "free again"], done.stderr


def test_a_clock_is_set_back_only_where_it_was_set(tmp_path: Path) -> None:
    host = Machine(tmp_path, "none")
    named("clock-step").heal([host])
    assert "systemctl stop nines-heals-clock-step.timer" in host.told.read_text()


def test_a_clock_is_set_back_past_whoever_slewed_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine's own clocks are not to be set: these stand for them, in ns."""
    clocks = {time.CLOCK_REALTIME: 10**18, time.CLOCK_BOOTTIME: 10**12, time.CLOCK_MONOTONIC_RAW: 10**12}
    monkeypatch.setattr(time, "clock_gettime_ns", clocks.__getitem__)
    monkeypatch.setattr(time, "clock_settime_ns", clocks.__setitem__)
    kept = str(tmp_path / "kept")
    step_clock.main(kept, "300")
    assert clocks[time.CLOCK_REALTIME] == 10**18 + 300 * 10**9
    # A minute, in which all that the kernel disciplines was slowed down by 5 s.
    clocks[time.CLOCK_MONOTONIC_RAW] += 60 * 10**9
    clocks[time.CLOCK_BOOTTIME] += 55 * 10**9
    clocks[time.CLOCK_REALTIME] += 55 * 10**9
    step_clock.main(kept, "back")
    assert clocks[time.CLOCK_REALTIME] == 10**18 + 60 * 10**9
    step_clock.main(kept, "back")
    assert clocks[time.CLOCK_REALTIME] == 10**18 + 60 * 10**9, "nothing was left to set back"
