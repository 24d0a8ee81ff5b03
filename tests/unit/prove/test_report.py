"""What a drill says about its samples, and when it says that they do not count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from fournines.cloud.timers import LAB
from fournines.probes import catalogue as probes
from fournines.prove.audits import Verdict
from fournines.prove.bounds import Part, floor
from fournines.prove.outages import Bounds
from fournines.prove.report import Marks, ProbeReport, Report, doubts, probe_report
from fournines.prove.samples import Noise, Sample

MARKS = Marks(inject=110.0, injected=110.3, heal=140.0, end=160.0)
TOKEN = probes()["token"]
EVERYTHING: frozenset[Part] = frozenset({"vip", "writer", "member"})


def samples(*bad: tuple[float, float]) -> list[Sample]:
    """Token every 0.25 s from 100 to 160, bad where the start is in [from, to)."""
    found: list[Sample] = []
    for seq in range(240):
        start = 100 + seq * 0.25
        down = any(begin <= start < end for begin, end in bad)
        end = start + (2.0 if down else 0.05)
        error = "deadline" if down else None
        found.append(
            Sample(probe="token", seq=seq, intended=start, start=start + 0.001, end=end, ok=not down, error=error)
        )
    return found


def judge(taken: Sequence[Sample]) -> ProbeReport:
    return probe_report(TOKEN, taken, MARKS, {"D"}, LAB, EVERYTHING, 0.25)


def doubt(taken: Sequence[Sample], **changed: Any) -> list[str]:
    noise = Noise.of(taken, **changed)
    return doubts([judge(taken)], taken, noise, 1.0, MARKS, {"token": floor(LAB, EVERYTHING, TOKEN)})


def test_a_power_loss() -> None:
    probe = judge(samples((110, 114.5)))
    assert (probe.requests, probe.errors, probe.slow) == (240, 18, 18)
    assert (probe.outage.lower_s, probe.outage.upper_s) == (4.25, pytest.approx(4.8))
    assert probe.budget_s == 15
    assert probe.request_s == pytest.approx(0.05)
    assert probe.bound_s == pytest.approx(LAB.vip_failover() + LAB.connect + 0.05)
    assert probe.budget_kept is True
    assert probe.bound_held is True
    assert probe.phases["baseline"].outages == probe.phases["failback"].outages == 0
    assert doubt(samples((110, 114.5))) == []


def test_the_worst_outage_is_charged_and_phases_are_kept_apart() -> None:
    probe = judge(samples((110, 114.5), (117, 117.5), (141, 147)))
    assert len(probe.outages) == 3
    assert probe.outage == probe.phases["failback"].outage
    assert probe.outage.lower_s == 5.75
    assert probe.phases["fault"].outages == 2
    assert probe.phases["fault"].union.lower_s == 4.5
    assert probe.phases["fault"].outage.lower_s == 4.25


def test_bounds_and_budgets_that_do_not_hold() -> None:
    long = judge(samples((110, 128)))
    assert long.budget_kept is False
    assert long.bound_held is False
    assert judge(samples((110, 116.75))).bound_held is None, "within the resolution nothing can be told"
    never = judge(samples((110, 200)))
    assert never.outage.upper_s is None
    assert never.budget_kept is None
    assert never.bound_held is False


def test_faster_than_it_can_be_is_a_measurement_error() -> None:
    (reason,) = doubt(samples((110, 111)))
    assert f"cannot be back within {floor(LAB, EVERYTHING, TOKEN):.2f}" in reason
    assert len(doubt(samples())) == 1, "no outage at all, with the VIP's holder without power"


def test_a_prober_that_stood_still_voids_the_run() -> None:
    good = samples((110, 114.5))
    assert doubt(good, stalls=((120.0, 0.3),)) == []
    (reason,) = doubt(good, stalls=((120.0, 1.3),))
    assert "stood still for 1.30 s" in reason
    late = [
        Sample(probe="token", seq=one.seq, intended=one.intended, start=one.intended + 0.6, end=one.end, ok=one.ok)
        for one in good
    ]
    assert any("0.60 s late" in reason for reason in doubt(late))


def test_missing_samples_void_the_run() -> None:
    good = samples((110, 114.5))
    assert doubt(good[:100] + good[101:]) == ["token: samples are missing"]
    assert "token: not one request was made" in doubt([])


def report(void: tuple[str, ...] = (), verdict: Any = "ok") -> Report:
    return Report(
        letter="D",
        drill="power-loss",
        target="vip",
        hosts=("c1",),
        fidelity="container",
        connections="kept",
        probes=(judge(samples((110, 114.5), (141, 200))),),
        audits=(Verdict("one-vip-holder", verdict, "c2 [10.0.0.10] carries it"),),
        noise=Noise.of(samples()),
        void=void,
        notes=("a note",),
        marks=MARKS,
        t0=100.0,
        results="/somewhere",
    )


def test_exit_codes() -> None:
    assert report().exit_code == 0
    assert report(verdict="fail").exit_code == 1
    assert report(verdict="unknown").exit_code == 1
    assert report(void=("late",)).exit_code == 7


def test_json_and_text() -> None:
    data = report().as_json()
    (probe,) = data["probes"]
    assert probe["outage"] == {"lower_s": 18.75, "upper_s": None}
    assert probe["outages"][0] == {
        "lower_s": 4.25, "upper_s": 4.8, "first_bad": 10.0, "last_bad": 14.25, "bad": 18, "slow": 18
    }  # fmt: skip
    assert data["times"] == {"inject_s": 10.0, "injected_s": 10.3, "heal_s": 40.0, "end_s": 60.0}
    assert data["connections"] == "kept"
    text = report(void=("the prober was late",)).text()
    for words in (
        "18.75 - ?",
        "VOID: the prober was late",
        "c2 [10.0.0.10] carries it",
        "note: a note",
        "more than one outage: token 2",
        "deadline: token",
        " starts on kept connections, ",
    ):
        assert words in text
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text


def test_it_stays_narrow_with_every_probe_in_the_worst_case() -> None:
    """Longest names, four digits, minutes of outage; every probe with errors."""
    taken = samples((110, 135.5), (141, 155.25))
    long = Bounds(571.254, 573.381)
    reports = tuple(
        probe_report(probe, [replace(one, probe=probe.name) for one in taken], MARKS, {"D"}, LAB, EVERYTHING, 0.25)
        for probe in probes().values()
    )
    worst = tuple(
        replace(
            each,
            requests=9999,
            errors=9999,
            outage=long,
            phases={**each.phases, "failback": replace(each.phases["failback"], outage=long)},
        )
        for each in reports
    )
    text = replace(report(), probes=worst).text()
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    rows = lines[2 : 2 + len(reports)]
    assert [row.split()[0] for row in rows] == list(probes())
    assert all(row.split()[3:9] == ["571.3", "-", "573.4"] * 2 for row in rows), "on one line, and nothing cut off"


def test_bounds_as_json() -> None:
    assert Bounds(1.23456, 2.0).as_json() == {"lower_s": 1.235, "upper_s": 2.0}
    assert Bounds(1, None).as_json() == {"lower_s": 1, "upper_s": None}
