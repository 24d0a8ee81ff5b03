"""Real prober processes against a real server, through the pipe. Seconds are never asserted tightly."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from little_cloud import PASSWORD, LittleCloud

from fournines.errors import DrillError
from fournines.prove.prober import Beat, Plan
from fournines.prove.samples import Sample
from fournines.watch import standing as standings
from fournines.watch.standing import StandingProbes


def plan_of(keystone: LittleCloud, folder: Path, *names: str, **changed: str) -> Plan:
    beats = tuple(Beat(probe=name, interval_s=0.1, deadline_s=2) for name in names)
    return Plan(api=keystone.api(**changed), beats=beats, samples=folder / "samples", standing=True)


def until(standing: StandingProbes, good: Callable[[Sample], bool]) -> list[Sample]:
    """All samples up to the first such one."""
    seen: list[Sample] = []
    ends = time.monotonic() + 60
    while not any(map(good, seen)):
        assert time.monotonic() < ends, seen[-3:]
        seen += standing.samples()
    return seen


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "watch"
    folder.mkdir()
    return folder


def test_samples_come_and_nothing_is_kept(keystone: LittleCloud, folder: Path) -> None:
    with StandingProbes(plan_of(keystone, folder, "token", "read")) as standing:
        seen = until(standing, lambda sample: sample.seq >= 20)
        assert {sample.probe for sample in seen} == {"token", "read"}
        assert all(sample.ok for sample in seen if sample.end - sample.intended < 1)
        for name in ("token", "read"):
            numbers = sorted(sample.seq for sample in seen if sample.probe == name)
            assert numbers[:15] == list(range(15)), "none is lost"
        assert (folder / "samples").is_fifo()
        kept = sum(path.stat().st_size for path in folder.iterdir())
        assert kept == 0
        assert PASSWORD not in Path(f"/proc/{standing.pids[0]}/cmdline").read_text()


def test_a_cloud_that_is_down_at_the_beginning_is_what_is_measured(keystone: LittleCloud, folder: Path) -> None:
    keystone.become("refuse")
    with StandingProbes(plan_of(keystone, folder, "token", "read")) as standing:
        seen = until(standing, lambda sample: sample.seq >= 3)
        assert {(sample.probe, sample.error) for sample in seen} == {("token", "refused"), ("read", "no token")}
        keystone.become("up")
        until(standing, lambda sample: sample.probe == "read" and sample.ok)


def test_tokens_that_end_cost_no_request(keystone: LittleCloud, folder: Path) -> None:
    """The first one ends within the test, and the prober asks for another in time."""
    keystone.token_life_s = 8
    with StandingProbes(plan_of(keystone, folder, "read")) as standing:
        seen = until(standing, lambda sample: sample.seq >= 100)
    assert len(keystone.tokens) >= 2
    assert not [sample for sample in seen if sample.error == "status 401"]


def test_a_dead_prober_is_told(keystone: LittleCloud, folder: Path) -> None:
    with StandingProbes(plan_of(keystone, folder, "token")) as standing:
        until(standing, lambda sample: sample.ok)
        os.kill(standing.pids[0], signal.SIGKILL)
        with pytest.raises(DrillError, match="ended by itself"):
            until(standing, lambda sample: False)


def test_a_stuck_prober_is_told(keystone: LittleCloud, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standings, "_SILENCE_S", -1.5)
    with StandingProbes(plan_of(keystone, folder, "token")) as standing:
        until(standing, lambda sample: sample.ok)
        os.kill(standing.pids[0], signal.SIGSTOP)
        with pytest.raises(DrillError, match="has said nothing for"):
            until(standing, lambda sample: False)


def test_complaints_do_not_grow_without_end(
    keystone: LittleCloud, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standings, "_ERRORS", 1000)
    with StandingProbes(plan_of(keystone, folder, "token")) as standing:
        errors = folder / "prober.err"
        for size, left in ((1000, 1000), (1001, 0)):
            errors.write_bytes(b"x" * size)
            standing.samples()
            assert errors.stat().st_size == left


def test_no_prober_outlives_who_started_it(keystone: LittleCloud, folder: Path) -> None:
    with StandingProbes(plan_of(keystone, folder, "token")) as standing:
        (pid,) = standing.pids
    assert not Path(f"/proc/{pid}").exists()


def test_without_an_authority_there_is_nothing_to_measure(keystone: LittleCloud, folder: Path) -> None:
    with pytest.raises(DrillError, match="could not start"):
        StandingProbes(plan_of(keystone, folder, "token", ca_file="/nowhere"))
