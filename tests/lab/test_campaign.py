"""A short campaign on the standing lab: drills of different kinds, drawn from a seed, one after the other by itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from standing_lab import Standing

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(2400),
    pytest.mark.skipif(os.geteuid() != 0, reason="a lab needs root: namespaces, mounts and cgroups"),
]

DRILLS = 6
SEED = 157
"""Six kinds: each of these faults, and the frozen writer of the database among them."""
FAULTS = "freeze,mon-leader-kill,osd-kill,radosgw-kill,standby"


def test_a_short_campaign_violates_nothing_and_is_reported(standing: Standing) -> None:
    words = ["prove", "--drills", str(DRILLS), "--seed", str(SEED), "--faults", FAULTS]
    told = standing.json(*words, exits=(0, 1, 7))
    results = [drill["result"] for drill in told["drills"]]
    # On a full machine a baseline may not be clean, or the prober stand still: such a drill says nothing, and counts
    # for nothing.
    assert set(results) <= {"ok", "void", "error"}, told["drills"]
    wrong = [drill["why"] for drill in told["drills"] if drill["result"] == "error"]
    assert all("the baseline is not clean" in why for why in wrong), wrong
    assert {drill["fault"].split()[0] for drill in told["drills"]} == {*FAULTS.split(",")}
    assert results.count("ok") >= DRILLS / 2, told["drills"]
    assert told["ended"], told["why"]
    folder = Path(told["campaign"])
    page = standing.nines("report", "--from", str(folder)).stdout
    assert (folder / "report.html").stat().st_size > 10_000
    assert "report.html" in page
