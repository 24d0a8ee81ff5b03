"""A folder of evidence becomes data; what is missing or broken in it is said, with the file's name."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from evidence_folders import Told, marks, write_campaign, write_drill, write_lines
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fournines.errors import NinesError
from fournines.report.document import document
from fournines.report.evidence import Drill, Measured
from fournines.report.page import page
from fournines.report.read import read

HURT = Told(down={"token": [(0.0, 4.5)], "read": [(0.0, 3.0), (21.0, 22.0)]})


def measured(drill: Drill) -> Measured:
    assert drill.measured is not None
    return drill.measured


def test_outages_are_computed_anew_and_agree_with_the_drill(tmp_path: Path) -> None:
    said = write_drill(tmp_path, HURT)
    (drill,) = read(tmp_path).drills
    found = measured(drill)
    assert found.differs == ()
    for mine, theirs in zip(found.probes, said.probes, strict=True):
        assert mine.outage.lower_s == pytest.approx(theirs.outage.lower_s)
        assert mine.outage.upper_s == pytest.approx(theirs.outage.upper_s)
        assert (mine.requests, mine.errors, mine.slow) == (theirs.requests, theirs.errors, theirs.slow)
        assert mine.budget_kept == theirs.budget_kept
        assert {name: phase.outages for name, phase in mine.phases.items()} == {
            name: phase.outages for name, phase in theirs.phases.items()
        }
    token = found.probes[0].outages[0]
    assert token.first_bad == pytest.approx(0.0), "counted from the fault"
    assert found.heal_s == pytest.approx(marks(HURT).heal - marks(HURT).inject)
    assert found.healthy_s == pytest.approx(29.0)


def test_what_report_json_says_otherwise_is_told(tmp_path: Path) -> None:
    write_drill(tmp_path, HURT)
    file = tmp_path / "report.json"
    said = json.loads(file.read_text())
    said["probes"][0]["outage"] = {"lower_s": 0.0, "upper_s": 0.0}
    file.write_text(json.dumps(said))
    (drill,) = read(tmp_path).drills
    (text,) = measured(drill).differs
    assert text.startswith("token: 4.00")
    assert measured(drill).probes[0].outage.lower_s == pytest.approx(4.0), "the samples hold"


def test_a_drill_alone_knows_its_class_and_its_predictions(tmp_path: Path) -> None:
    write_drill(tmp_path, HURT)
    evidence = read(tmp_path)
    (drill,) = evidence.drills
    assert evidence.campaign is None
    assert (drill.letter, drill.at[:10], drill.columns["read"]) == ("D", "2026-11-22", "read")
    assert set(drill.forecasts) == {"token", "read", "write"}


def test_how_clients_connected(tmp_path: Path) -> None:
    kept = Told(connections="kept")
    write_drill(tmp_path / "one", kept)
    assert read(tmp_path / "one").connections == ("kept",)
    assert read(write_campaign(tmp_path / "begun", [], connections="kept")).connections == ("kept",)
    older = write_campaign(tmp_path / "older", [HURT])
    file = older / "drills/0001-power-loss/report.json"
    said = json.loads(file.read_text())
    del said["connections"]
    file.write_text(json.dumps(said))
    assert read(older).connections == ("fresh",), "none could be kept when nobody wrote it down"
    both = read(write_campaign(tmp_path / "both", [HURT, kept]))
    assert both.connections == ("fresh", "kept")
    assert any(each.what == "Clients of different kinds" for each in document(both).weak)
    assert "<dt>Connections of API clients</dt><dd>fresh and kept</dd>" in page(document(both))


def test_drills_that_did_not_end_are_listed_with_what_is_known(tmp_path: Path) -> None:
    write_campaign(tmp_path, [HURT, "not healthy after 180 s", "", HURT])
    folder = tmp_path / "drills/0003-power-loss"
    write_lines(folder / "faults.jsonl", [{"time": 1.0, "utc": "2026-11-22T04:50:08Z", "what": "inject"}])
    with (folder / "faults.jsonl").open("a") as file:
        file.write('{"time": 2.0, "wh')
    drills = read(tmp_path).drills
    assert [drill.standing for drill in drills] == ["kept", "unfinished", "unfinished", "kept"]
    assert drills[1].why == "not healthy after 180 s"
    assert drills[2].why.endswith("inject")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("report.json", "{", "drills/0001-power-loss/report.json: "),
        ("report.json", '{"drill": 5}', "report.json: drill: "),
        ("plan.json", "[]", "plan.json: "),
        ("samples.jsonl", '{"probe": "token"}\n', "samples.jsonl: "),
        ("samples.jsonl", '{"probe":"token","seq":0,"intended":NaN,"start":1,"end":1,"ok":true}\n', "no number"),
        ("samples.jsonl", None, "samples.jsonl is missing"),
        ("faults.jsonl", "\x00\n", "faults.jsonl, line 1: "),
    ],
)
def test_a_broken_drill_is_listed_and_the_others_count(tmp_path: Path, name: str, text: str | None, said: str) -> None:
    write_campaign(tmp_path, [HURT, HURT])
    file = tmp_path / "drills/0001-power-loss" / name
    file.unlink()
    if text is not None:
        file.write_text(text)
    broken, good = read(tmp_path).drills
    assert (broken.standing, good.standing) == ("broken", "kept")
    assert said in broken.why
    assert str(tmp_path) not in broken.why
    assert broken.fault == "power-loss"


def nothing(root: Path) -> object:
    return None


def drills_alone(root: Path) -> object:
    return (root / "drills").mkdir(parents=True)


def wrong_campaign(root: Path) -> object:
    return write_campaign(root, [], sla="many")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (nothing, "there is no folder"),
        (Path.mkdir, "holds no evidence"),
        (Path.touch, "is no folder"),
        (drills_alone, "no campaign.json"),
        (wrong_campaign, "campaign.json: sla: "),
    ],
)
def test_folders_that_are_none(tmp_path: Path, make: Callable[[Path], object], said: str) -> None:
    root = tmp_path / "evidence"
    make(root)
    with pytest.raises(NinesError) as error:
        read(root)
    assert said in error.value.message
    assert error.value.remedy


def test_a_campaign_that_has_just_begun_has_no_drills(tmp_path: Path) -> None:
    assert read(write_campaign(tmp_path, [])).drills == ()


def test_the_digest_is_of_what_the_files_hold_not_of_where_they_lie(tmp_path: Path) -> None:
    first = write_campaign(tmp_path / "first", [HURT])
    shutil.copytree(first, tmp_path / "second")
    assert read(first).digest == read(tmp_path / "second").digest
    (tmp_path / "second/drills/0001-power-loss/samples.jsonl").write_text("")
    assert read(first).digest != read(tmp_path / "second").digest


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.tuples(st.floats(0, 30), st.floats(0.25, 8)), max_size=4), st.sampled_from(["token", "write"]))
def test_whatever_was_out_is_read_as_the_drill_judged_it(
    tmp_path: Path, spans: list[tuple[float, float]], name: str
) -> None:
    shutil.rmtree(tmp_path)
    write_drill(tmp_path, Told(probes=(name,), down={name: [(low, low + long) for low, long in spans]}))
    (drill,) = read(tmp_path).drills
    assert measured(drill).differs == ()
    for outage in measured(drill).probes[0].outages:
        assert -8.0 <= outage.first_bad <= outage.last_bad <= 40.0
