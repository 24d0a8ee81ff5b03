"""Drills on the standing lab: what clients saw, and that nothing acknowledged was lost."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from standing_lab import GUESTS, NINES, Standing

from fournines.prove.asked import probes_of
from fournines.verify.run import apis

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(os.geteuid() != 0, reason="a lab needs root: namespaces, mounts and cgroups"),
]


def measured(standing: Standing, *words: str) -> dict[str, Any]:
    """The report of a drill that counts. A void one (exit 7: this machine stood still) says nothing, so it is made
    anew, three times at most; a bad audit is a result, and is not."""
    told: list[str] = []
    for _ in range(3):
        done = standing.nines("drill", *words, "--json", exits=(0, 1, 7))
        if done.returncode != 7:
            return json.loads(done.stdout)
        told.append(done.stdout[-2000:] + done.stderr[-2000:])
    pytest.fail("three void drills on end:\n" + "\n".join(told))


def test_the_null_drill_sees_no_outage(standing: Standing):
    if GUESTS:
        standing.nines("demo")
    report = measured(standing, "null")
    assert report["drill"] == "null"
    assert report["fidelity"] == "container"
    assert [probe["name"] for probe in report["probes"]] == [probe.name for probe in probes_of(standing.cloud)]
    asked = {probe["service"] for probe in report["probes"]}
    guest = {"neutron-l3"} if GUESTS else set[str]()
    assert asked == {*apis(standing.cloud), "ceph-osd", *guest}, "every API is probed, and disks, and the guest"
    # On a full machine an answer may be too late: that is the noise which this drill is there to show. None may be
    # wrong, and none may be missing for long.
    assert all(probe["requests"] > 0 and set(probe["kinds"]) <= {"deadline"} for probe in report["probes"])
    assert sum(probe["errors"] for probe in report["probes"]) <= 5
    assert all(probe["outage"]["lower_s"] < 2 for probe in report["probes"])
    assert all(audit["verdict"] == "ok" for audit in report["audits"])


def test_power_loss_of_the_vip_holder_loses_no_acknowledged_write(standing: Standing):
    report = measured(standing, "power-loss", "--target", "vip")
    assert report["drill"] == "power-loss"
    assert report["target"] == "vip"
    (holder,) = report["hosts"]
    probes = {probe["name"]: probe for probe in report["probes"]}
    for probe in probes.values():
        assert probe["outage"]["upper_s"] >= probe["outage"]["lower_s"] >= 0
        assert probe["outage"]["upper_s"] < 60
    # Not `write`: its deadline is long enough to ride out the whole failover.
    assert probes["token"]["errors"] > 0, "the holder of the address lost power: somebody must have noticed"
    audits = {audit["name"]: audit["verdict"] for audit in report["audits"]}
    assert set(audits) >= {"one-vip-holder", "one-primary-component", "acknowledged-writes", "recovered", "round-trips"}
    assert set(audits.values()) == {"ok"}
    (now,) = standing.json("status", exits=(0, 1))["vip"]["holders"]
    assert now != holder, "the address stays where it is when its old holder returns"


def test_a_blackout_heals_by_itself(standing: Standing):
    """All controllers lose power and get it back: nobody runs `nines`, and everything serves again."""
    before = standing.on("c1", "mariadb", "-N", "-B", stdin="SELECT count(*) FROM keystone.user")
    switches = [standing.power(host.name) for host in standing.cloud.having("control")]
    with ThreadPoolExecutor(len(switches)) as pool:
        for gone in [pool.submit(switch.power_off) for switch in switches]:
            gone.result()
    assert standing.nines("status", exits=(1,)).returncode == 1
    # The mains return to all at once, as after a real one.
    with ThreadPoolExecutor(len(switches)) as pool:
        for returned in [pool.submit(switch.power_on) for switch in switches]:
            returned.result()
    end = time.monotonic() + 600
    while (done := standing.nines("status", exits=(0, 1))).returncode and time.monotonic() < end:
        time.sleep(1)
    assert done.returncode == 0, done.stdout + done.stderr
    assert standing.on("c1", "mariadb", "-N", "-B", stdin="SELECT count(*) FROM keystone.user") == before


def test_up_converges_after_kill_at_any_moment(standing: Standing):
    """`kill -9` of `nines up` at random points of a build from nothing, then `nines up`: no manual step."""
    seed = int(os.environ.get("NINES_SEED", time.time_ns() % 100_000))
    print(f"NINES_SEED={seed}")
    chance = random.Random(seed)
    standing.nines("down")
    for point in range(10):
        if point == 5:
            standing.nines("down")
        after = chance.uniform(0.3, 20)
        up = subprocess.Popen(
            [NINES, "up", "--cloud", str(standing.file)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            code = up.wait(timeout=after)
            assert code == 0, f"NINES_SEED={seed}: up by itself ended with {code} before kill {point}"
        except subprocess.TimeoutExpired:
            os.kill(up.pid, signal.SIGKILL)
            up.wait()
    standing.nines("up", "--no-guest", timeout=1500)
    standing.well()
    assert standing.json("plan")["changes"] == []
