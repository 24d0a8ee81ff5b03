"""Folders of evidence, as drills and campaigns write them, and what is read from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fournines.cloud.timers import LAB
from fournines.errors import NinesError
from fournines.posterior.observation import Class, Observation
from fournines.posterior.read import read
from fournines.probes import catalogue
from fournines.prove.audits import Verdict
from fournines.prove.report import Marks, Report, probe_report
from fournines.prove.samples import Noise, Sample

INJECT, HEAL, END = 8.0, 30.0, 40.0
WELL = (Verdict("recovered", "ok", ""), Verdict("round-trips", "ok", ""))
CAMPAIGN = {
    "format": 1,
    "cloud": "lab",
    "fidelity": "container",
    "configuration": "abc",
    "spec": "name: lab\n",
}
PLAN: dict[str, Any] = {
    "number": 1,
    "fault": "power-loss",
    "letter": "D",
    "target": "vip",
    "hosts": ["c1"],
    "roles": ["control"],
    "predicted": {
        "token": {"bound_s": 6.85, "budget_s": 15.0, "column": "token", "service": "keystone"},
        "read": {"bound_s": 6.85, "budget_s": 15.0, "column": "read", "service": "keystone"},
    },
}


def report(*bad: tuple[float, float], **more: Any) -> dict[str, Any]:
    """A drill's report of a token every quarter of a second, which was not given in these spans."""
    marks = Marks(INJECT, INJECT + 0.1, HEAL, END)
    samples = [
        Sample(
            probe="token",
            seq=number,
            intended=number / 4,
            start=number / 4,
            end=number / 4 + 0.05,
            ok=not any(first <= number / 4 <= last for first, last in bad),
            error="refused",
        )
        for number in range(int(END * 4))
    ]
    probe = probe_report(catalogue()["token"], samples, marks, {"D"}, LAB, {"vip"}, 0.25)
    said: dict[str, Any] = {"letter": "D", "audits": WELL, "void": (), "notes": (), **more}
    return Report(
        drill="power-loss",
        target="vip",
        hosts=("c1",),
        fidelity="container",
        connections="fresh",
        probes=(probe,),
        noise=Noise(starts=1, p99_s=0, max_s=0),
        marks=marks,
        t0=0.0,
        results="",
        **said,
    ).as_json()


def write(folder: Path, **files: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return folder


def campaign(folder: Path, *drills: dict[str, Any]) -> tuple[Observation, ...]:
    write(folder, campaign=CAMPAIGN)
    for number, files in enumerate(drills, start=1):
        write(folder / f"drills/{number:04}-power-loss", **files)
    return read(folder).observations


def judged(folder: Path, *bad: tuple[float, float], **more: Any) -> tuple[bool | None, str]:
    (found,) = campaign(folder, {"plan": PLAN, "report": report(*bad, **more)})
    return found.recovered, found.why


def test_a_drill_that_failed_over_and_back(tmp_path: Path) -> None:
    (found,) = campaign(tmp_path, {"plan": PLAN, "report": report((8.25, 12.0), (31, 31.5))})
    assert found.of == Class("power-loss", ("control",), "abc", "container", "fresh")
    assert (found.drill, found.letter, found.target, found.hosts) == ("0001-power-loss", "D", "vip", ("c1",))
    assert (found.silences, found.stops, found.blocks) == (True, "", False)
    assert (found.probe, found.column, found.service) == ("token", "token", "keystone")
    assert found.recovered is True
    assert found.outage is not None
    assert (found.outage.lower_s, found.outage.upper_s) == (3.75, 4.3)
    assert found.total is not None
    assert (found.total.lower_s, found.total.upper_s) == (4.25, 5.35)
    assert (found.budget_s, found.bound_s) == (15, 6.85)
    assert read(tmp_path).spec == "name: lab\n"


def test_without_an_outage_it_recovered(tmp_path: Path) -> None:
    assert judged(tmp_path) == (True, "")


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ((8.25, 32.0), "served again only once it was healed"),
        ((8.25, 99.0), "not served again"),
        ((35.0, 99.0), "not served again"),
    ],
)
def test_what_needed_help_did_not_recover(tmp_path: Path, bad: tuple[float, float], why: str) -> None:
    assert judged(tmp_path, bad) == (False, why)


def test_an_audit_that_failed_needs_somebody(tmp_path: Path) -> None:
    audits = (*WELL, Verdict("one-vip-holder", "fail", "c1 and c2"))
    assert judged(tmp_path, audits=audits) == (False, "one-vip-holder: c1 and c2")


def test_unknown_stays_unknown(tmp_path: Path) -> None:
    doubt = (WELL[0], Verdict("round-trips", "unknown", "not verified: nova"))
    assert judged(tmp_path / "a", audits=doubt) == (None, "unknown: round-trips")
    other = (*WELL, Verdict("acknowledged-writes", "unknown", "c2 was not asked"))
    assert judged(tmp_path / "b", audits=other) == (True, "")
    assert judged(tmp_path / "c", (0.0, 1.0)) == (None, "its recording starts bad")
    notes = ("not served for 10 s on end within 90 s of the fault",)
    flapping = ((9.0, 9.5), (25.0, 26.0))
    assert judged(tmp_path / "d", *flapping, notes=notes) == (None, "it was flapping when it was healed")
    assert judged(tmp_path / "e", *flapping)[0] is True
    assert judged(tmp_path / "f", (0.0, 1.0), (8.25, 32.0))[0] is False


def test_void_drills_and_those_that_did_not_end_measured_nothing(tmp_path: Path) -> None:
    found = campaign(
        tmp_path,
        {"plan": PLAN, "report": report((8.25, 32), void=("the prober stood still for 9.00 s",))},
        {"plan": PLAN, "error": {"message": "not healthy after 180 s", "kind": "DrillError", "at": ""}},
        {"plan": PLAN},
        {},
    )
    assert [(each.drill[:4], each.probe, each.why) for each in found] == [
        ("0001", "token", "void: the prober stood still for 9.00 s"),
        ("0001", "read", "void: the prober stood still for 9.00 s"),
        ("0002", "token", "not healthy after 180 s"),
        ("0002", "read", "not healthy after 180 s"),
        ("0003", "token", "it did not end"),
        ("0003", "read", "it did not end"),
        ("0004", "", "it did not end"),
    ]
    assert all(each.recovered is None and each.outage is None and each.total is None for each in found)
    assert {each.of.fault for each in found} == {"power-loss"}


def test_a_fault_that_blocks_is_out_until_it_is_healed(tmp_path: Path) -> None:
    plan = {**PLAN, "fault": "two-storage-hosts", "letter": "Q", "hosts": ["s1", "s2"]}
    (found,) = campaign(tmp_path, {"plan": plan, "report": report((8.25, 32.0))})
    assert (found.blocks, found.recovered) == (True, True)


def test_the_class_of_two_at_a_time_is_known_only_when_they_have_struck(tmp_path: Path) -> None:
    told = report((INJECT, HEAL), letter="X") | {"drill": "fence-device-dead+power-loss", "target": "c1+c1"}
    (found,) = read(write(tmp_path, report=told)).observations
    assert (found.letter, found.blocks) == ("X", True)


def test_a_fault_of_another_version_speaks_of_nothing(tmp_path: Path) -> None:
    (found,) = campaign(tmp_path, {"plan": {**PLAN, "fault": "flood"}, "report": report()})
    assert (found.of.fault, found.silences, found.stops) == ("flood", False, "")


def test_how_clients_connected_is_read_of_the_drill_else_of_its_campaign(tmp_path: Path) -> None:
    kept = report() | {"connections": "kept"}
    older = {key: value for key, value in report().items() if key != "connections"}
    found = campaign(tmp_path, {"plan": PLAN, "report": kept}, {"plan": PLAN, "report": older})
    assert [each.of.connections for each in found] == ["kept", "fresh"]
    write(tmp_path, campaign={**CAMPAIGN, "connections": "kept"})
    write(tmp_path / "drills/0003-power-loss", plan=PLAN, error={"message": "no", "kind": "", "at": ""})
    assert {each.of.connections for each in read(tmp_path).observations if each.drill.startswith("0003")} == {"kept"}


def test_a_single_drill_has_no_configuration(tmp_path: Path) -> None:
    evidence = read(write(tmp_path / "20261122T045000Z-power-loss", report=report((8.25, 12.0))))
    (found,) = evidence.observations
    assert found.of == Class("power-loss", (), "", "container", "fresh")
    assert (found.letter, found.target, found.column, found.recovered) == ("D", "vip", "token", True)
    assert evidence.spec is None


def test_folders_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NinesError, match="no campaign, and no drill"):
        read(tmp_path)
    write(tmp_path, campaign=CAMPAIGN)
    assert read(tmp_path).observations == ()
    (tmp_path / "campaign.json").write_text("{")
    with pytest.raises(NinesError, match=r"cannot read .*campaign\.json"):
        read(tmp_path)


def test_a_daemons_fault_is_of_the_daemon_and_its_primary_is_who_serves(tmp_path: Path) -> None:
    plan = {**PLAN, "fault": "freeze", "letter": "C"}
    primary, member = campaign(
        tmp_path,
        {"plan": {**plan, "target": "mariadb:primary"}, "report": report()},
        {"plan": {**plan, "target": "mariadb:c1"}, "report": report()},
    )
    assert primary.of == member.of == Class("freeze mariadb", ("control",), "abc", "container", "fresh")
    assert (primary.target, member.target) == ("writer", "mariadb:c1")
    assert primary.stops == "galera"
