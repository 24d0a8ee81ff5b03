"""The real prober process against a real server over loopback TLS: what it measures brackets what was done.

Seconds are never asserted tightly: this machine may be busy. What must hold at any speed is the bracket.
"""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest
from little_cloud import PASSWORD, LittleCloud, Mode

from fournines.errors import DrillError
from fournines.probes import Connections
from fournines.prove import samples as sampled
from fournines.prove.fleet import ProbeFleet
from fournines.prove.outages import outages
from fournines.prove.prober import Beat, Plan
from fournines.prove.samples import Sample


def plan_of(
    keystone: LittleCloud,
    folder: Path,
    *names: str,
    deadline: float = 1,
    connections: Connections = "fresh",
    **changed: str,
) -> Plan:
    beats = tuple(Beat(probe=name, interval_s=0.05, deadline_s=deadline) for name in names or ("token",))
    return Plan(api=keystone.api(**changed), beats=beats, samples=folder / "samples.jsonl", connections=connections)


def await_samples(fleet: ProbeFleet, count: int) -> list[Sample]:
    seen: list[Sample] = []
    until = time.monotonic() + 30
    while len(seen) < count:
        assert time.monotonic() < until, f"{len(seen)} of {count} samples"
        seen += fleet.new_samples()
        time.sleep(0.02)
    return seen


KINDS: dict[Mode, str] = {"refuse": "refused", "hang": "deadline", "error": "status 503"}


def test_the_outages_bracket_the_truth(keystone: LittleCloud, tmp_path: Path) -> None:
    plan = plan_of(keystone, tmp_path, deadline=0.5)
    truth: list[tuple[Mode, float, float, float, float]] = []
    with ProbeFleet(plan) as fleet:
        await_samples(fleet, 10)
        for mode in KINDS:
            down = keystone.become(mode)
            time.sleep(0.8)
            up = keystone.become("up")
            truth.append((mode, *down, *up))
            await_samples(fleet, 20)
            time.sleep(0.6)  # a good stretch between: the outages are three
        fleet.stop()
    everything = sampled.read(plan.samples)
    slack = max(sample.latency for sample in everything if sample.ok)
    for mode, down_from, down_by, up_from, up_by in truth:
        found = [outage for outage in outages(everything) if down_from - 0.6 <= outage.first_bad < up_by]
        assert found, mode
        outage = max(found, key=lambda outage: outage.lower_s)
        assert outage.upper_s is not None
        # Down for certain from down_by to up_from; for no longer than from the first request under way to up_by.
        assert outage.upper_s >= up_from - down_by
        assert 0 < outage.lower_s <= up_by - down_from + slack
        during = [sample.error for sample in everything if down_by < sample.intended < up_from - 0.55]
        assert set(during) == {KINDS[mode]}, mode


def test_it_is_open_loop_and_leaves_no_start_out(keystone: LittleCloud, tmp_path: Path) -> None:
    plan = plan_of(keystone, tmp_path, "token", "read", "write")
    with ProbeFleet(plan) as fleet:
        await_samples(fleet, 10)
        keystone.become("hang")
        time.sleep(1)
        keystone.become("up")
        await_samples(fleet, 30)
        noise = fleet.stop()
        t0 = fleet.t0
    everything = sampled.read(plan.samples)
    assert noise.open_max >= 10, "a closed loop would have waited for each answer"
    assert noise.starts == len(everything)
    for index, beat in enumerate(plan.beats):
        mine = [sample for sample in everything if sample.probe == beat.probe]
        assert [sample.seq for sample in mine] == list(range(len(mine)))
        offset = beat.interval_s * index / len(plan.beats)
        for sample in mine:
            assert sample.intended == pytest.approx(t0 + offset + sample.seq * beat.interval_s, abs=1e-4)
            assert sample.start >= sample.intended - 1e-3
            assert sample.ok == (sample.error is None)
    acks = {sample.ack for sample in everything if sample.ack}
    assert acks <= keystone.tables.ids("write")
    assert len(acks) == sum(sample.ok for sample in everything if sample.probe == "write")


def test_the_apis_meet_the_token_before_the_run(keystone: LittleCloud, tmp_path: Path) -> None:
    """Else the first requests would measure caches that are cold. What writes is not asked: no sample would know."""
    plan = plan_of(keystone, tmp_path, "read", "write")
    with ProbeFleet(plan) as fleet:
        await_samples(fleet, 4)
        fleet.stop()
    taken = [sample.probe for sample in sampled.read(plan.samples)]
    asked = [path for _, path, _ in keystone.requests]
    assert asked.count("/v3/auth/catalog") > taken.count("read")
    assert asked.count("/v3/credentials") == taken.count("write")


@pytest.mark.parametrize("connections", ["fresh", "kept"])
def test_its_clients_connect_as_the_plan_says(connections: Connections, keystone: LittleCloud, tmp_path: Path) -> None:
    plan = plan_of(keystone, tmp_path, "token", "read", "write", connections=connections, deadline=5)
    assert Plan.from_data(json.loads(plan.as_line())) == plan
    with ProbeFleet(plan) as fleet:
        await_samples(fleet, 60)
        fleet.stop()
    assert any(sample.ok for sample in sampled.read(plan.samples))
    ports = [port for _, _, port in keystone.requests]
    # How many of the kept ones were under way at a time is the machine's load; never all of them.
    assert (len(set(ports)) == len(ports)) == (connections == "fresh")
    assert (tmp_path / "prober.err").read_text() == "", "such as of connections that nobody closed"


def test_it_cannot_start(keystone: LittleCloud, tmp_path: Path) -> None:
    with pytest.raises(DrillError, match="no token before the run: status 401"):
        ProbeFleet(plan_of(keystone, tmp_path, password="wrong"))
    with pytest.raises(DrillError, match="no token before the run"):
        ProbeFleet(plan_of(keystone, tmp_path, ca_file="/nowhere"))


def test_its_death_is_noticed(keystone: LittleCloud, tmp_path: Path) -> None:
    with ProbeFleet(plan_of(keystone, tmp_path)) as fleet:
        await_samples(fleet, 1)
        os.kill(fleet.pids[0], signal.SIGKILL)
        with pytest.raises(DrillError, match="ended by itself"):
            await_samples(fleet, 1000)


def test_it_shows_no_password_and_ends_with_whoever_started_it(keystone: LittleCloud, tmp_path: Path) -> None:
    """The end of its standard input means stop: no prober outlives a drill that was killed."""
    with ProbeFleet(plan_of(keystone, tmp_path)) as fleet:
        (pid,) = fleet.pids
        seen = Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()
        await_samples(fleet, 3)
        fleet.stop()  # closes the pipe, as the kernel does at a death
        until = time.monotonic() + 20
        while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
            assert time.monotonic() < until
            time.sleep(0.02)
    assert PASSWORD.encode() not in seen
    assert PASSWORD not in (tmp_path / "samples.jsonl").read_text()
