from __future__ import annotations

from typing import Any

import pytest
from campaigns import report
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.campaign.outcome import Outcome, of_error, of_report
from fournines.campaign.run import Ending
from fournines.campaign.tally import tallies
from fournines.campaign.text import heading, line, summary, table
from fournines.faults import catalogue


def outcome(number: int = 1, fault: str = "power-loss", target: str = "vip", **changed: Any) -> Outcome:
    return of_report({"number": number, "fault": fault, "target": target}, report(**changed), 131.4)


def test_a_line_a_drill() -> None:
    said = line(outcome(12, upper=7.8))
    assert " ".join(said.split()) == "12 ok 131s power-loss vip token 7.80/15 2/2"
    assert len(said) == len(heading()) == 80
    bad = line(outcome(void="the prober stood still for 2.00 s (limit 1 s)")).splitlines()
    assert bad[0].startswith("   1 void")
    assert bad[1] == "     the prober stood still for 2.00 s (limit 1 s)"
    assert "?/-" in line(outcome(upper=None, budget=None))
    gone = of_error(
        {"number": 3, "fault": "null", "target": "none", "hosts": []}, {"kind": "DrillError", "message": "x"}, 1
    )
    assert line(gone).splitlines()[1].strip() == "DrillError: x"


@pytest.mark.parametrize("fault", sorted(catalogue()))
def test_everything_fits_80_columns(fault: str) -> None:
    many = [outcome(number, fault, "c1", upper=each) for number, each in enumerate((3.0, 99.25, 1234.5, None), 1000)]
    assert all(len(row) <= 80 for each in many for row in line(each).splitlines())
    about = {
        "not_possible": [{"fault": fault, "targets": ["c1", "c2"], "why": "nines cannot cut the links of c1 " * 3}]
    }
    text = summary(many, about, Ending("stopped", "three drills on end said nothing " * 4), "evidence")
    assert all(len(row) <= 80 for row in text.splitlines()), text
    assert fault in text
    assert "nines prove --resume" in text


@settings(max_examples=50)
@given(st.lists(st.floats(0, 500, allow_nan=False).map(lambda x: round(x, 3)), min_size=1, max_size=60))
def test_95_of_100_drills_were_no_longer(lengths: list[float]) -> None:
    (tally,) = tallies([outcome(number, upper=each) for number, each in enumerate(lengths, 1)])
    assert tally.worst
    assert tally.worst.upper_s == max(lengths)
    assert tally.p95_s is not None
    assert sum(each <= tally.p95_s for each in lengths) >= 0.95 * len(lengths)
    assert sum(each < tally.p95_s for each in lengths) < 0.95 * len(lengths)
    assert tally.over == sum(each > 15 for each in lengths)


def test_what_was_not_measured_right_is_in_no_figure() -> None:
    outcomes = [outcome(1, upper=3.0), outcome(2, upper=99.0, void="late"), outcome(3, fault="null", upper=0.0)]
    null, power = tallies(outcomes)
    assert (null.fault, null.runs) == ("null", 1)
    assert (power.runs, dict(power.results), power.over) == (2, {"ok": 1, "void": 1}, 0)
    assert power.worst
    assert power.worst.upper_s == power.p95_s == 3.0


def test_an_outage_that_nobody_saw_end_is_the_worst() -> None:
    (tally,) = tallies([outcome(1, upper=3.0), outcome(2, upper=None)])
    assert tally.worst
    assert (tally.worst.upper_s, tally.p95_s) == (None, None)


def test_a_violation_is_one_whatever_else() -> None:
    assert outcome(verdict="fail", void="late").result == "fail"
    assert outcome(verdict="unknown", void="late").result == "void"
    assert outcome(verdict="unknown").result == "unknown"


def test_what_cannot_be_is_told_once_for_each_fault() -> None:
    why = "memcached.service has no file that a typo would break"
    about: dict[str, Any] = {
        "not_possible": [
            *({"fault": "bad-configuration", "targets": [f"memcached:c{n}"], "why": why} for n in (1, 2, 3)),
            {"fault": "instance-kill", "targets": [], "why": "the cloud has no nova-compute"},
        ]
    }
    told = summary([outcome()], about, Ending("done", "asked number done"), "evidence").split("not possible here: ")[1:]
    first, second = (" ".join(each.split()) for each in told)
    assert first == f"bad-configuration of memcached:c1: {why}; and of 2 more, see campaign.json"
    assert second.startswith("instance-kill: the cloud has no nova-compute 1 drills; asked number done")


def test_the_table_cuts_no_word() -> None:
    """With a kind of fault whose name is long, and every result there is."""
    every = [
        *(outcome(number, fault="bad-configuration nova-scheduler") for number in range(1, 5)),
        outcome(5, verdict="fail"),
        outcome(6, verdict="unknown"),
        outcome(7, void="late"),
    ]
    told = table(every)
    assert "\u2026" not in told
    assert all(len(row) <= 80 for row in told.splitlines())
    (head, *_) = told.splitlines()
    assert head.split() == ["fault", "runs", "ok", "fail", "void", "unknown", "worst", "s", "95", "%", "budget"]
    assert table([outcome()]).splitlines()[0].split() == ["fault", "runs", "ok", "worst", "s", "95", "%", "budget"]
