"""`nines report`, in this process."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from evidence_folders import GOOD, Told, write_campaign

from fournines.cli import app
from fournines.prove.audits import Verdict


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


Report = Callable[..., Ended]


@pytest.fixture
def report(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Report:
    monkeypatch.setenv("NINES_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("NINES_CLOUD", raising=False)

    def run(*words: str | Path) -> Ended:
        monkeypatch.setattr(sys, "argv", ["nines", "report", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            app.run()
        seen = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        assert "a bug in nines" not in seen.err, seen.err
        return Ended(ended.value.code, seen.out, seen.err)

    return run


def test_the_latest_of_the_cloud(report: Report, tmp_path: Path) -> None:
    results = tmp_path / "state/lab/results"
    write_campaign(results / "20261122T045000Z-prove", [Told()])
    (results / "latest").symlink_to("20261122T045000Z-prove")
    ended = report()
    assert ended.code == 0
    assert ended.out.startswith("Every service was back within its budget\n")
    assert (results / "latest/report.html").read_text().startswith("<!doctype html>")
    again = tmp_path / "again.html"
    assert report("--from", results / "latest", "--out", again).code == 0
    assert again.read_bytes() == (results / "latest/report.html").read_bytes(), "a page in the folder is no evidence"


def test_data(report: Report, tmp_path: Path) -> None:
    folder = write_campaign(tmp_path / "evidence", [Told(down={"token": [(0.0, 4.5)]}), "killed"])
    ended = report("--from", folder, "--json")
    told = json.loads(ended.out)
    assert ended.code == 0
    assert told["standing"] == {"kept": 1, "unfinished": 1}
    assert told["drills"][0]["probes"][0]["outages"][0]["lower_s"] == 4.0
    assert str(tmp_path) not in ended.out
    assert not (folder / "report.html").exists()


def test_every_key_of_the_data_is_documented(report: Report, tmp_path: Path) -> None:
    folder = write_campaign(tmp_path / "evidence", [Told(down={"token": [(0.0, 4.5)]})])
    page = (Path(__file__).parents[3] / "docs/report.md").read_text()
    told: dict[str, Any] = json.loads(report("--from", folder, "--json").out)
    for key, value in told.items():
        assert f"`{key}`" in page
        first = cast("list[dict[str, Any]]", value)[0] if isinstance(value, list) and value else None
        for name in first if isinstance(first, dict) else ():
            assert f"`{name}`" in page, f"{key}: {name}"


def test_a_failed_check_is_the_answer_no(report: Report, tmp_path: Path) -> None:
    lost = (*GOOD, Verdict("acknowledged-blocks", "fail", "3 blocks are gone"))
    folder = write_campaign(tmp_path / "evidence", [Told(audits=lost)])
    assert report("--from", folder).code == 1


def test_what_cannot_be_done_is_said(report: Report, tmp_path: Path) -> None:
    nothing = report()
    assert (nothing.code, "there is no folder" in nothing.err, "to do: " in nothing.err) == (1, True, True)
    folder = write_campaign(tmp_path / "evidence", [Told()])
    refused = report("--from", folder, "--out", tmp_path / "no/such/folder.html")
    assert refused.code == 1
    assert "cannot write" in refused.err


def test_what_a_year_may_bring_is_told_of_the_cloud_that_was_drilled(report: Report, tmp_path: Path) -> None:
    folder = write_campaign(tmp_path / "evidence", [Told(down={"token": [(0.0, 4.5)]}), Told(), Told(hosts=("c2",))])
    year = json.loads(report("--from", folder, "--json").out)["year"]
    token = next(each for each in year["services"] if each["name"] == "a token")
    assert token["interval_95"][0] <= token["p_sla_met"] <= token["interval_95"][1]
    assert token["p_if_nothing_were_drilled"] != token["p_sla_met"]
    likeliest = [cut["probability"] for cut in year["cuts"]]
    assert likeliest == sorted(likeliest, reverse=True)
    drilled = {part for cut in year["cuts"] for part in cut["parts"] if cut["drills"] or cut["alike"]}
    assert any(not cut["drills"] and not cut["alike"] for cut in year["cuts"]), "two drills cannot have shown all"
    assert not any("feed" in part for part in drilled)
    page = (folder / "report.html").read_text() if report("--from", folder).code == 0 else ""
    assert "What a year may bring" in page
    assert "assumed" in page


def test_a_campaign_of_a_cloud_that_nobody_can_read_any_more(report: Report, tmp_path: Path) -> None:
    folder = write_campaign(tmp_path / "evidence", [Told()])
    about = json.loads((folder / "campaign.json").read_text())
    (folder / "campaign.json").write_text(json.dumps(about | {"spec": "name: lab"}))
    refused = report("--from", folder)
    assert refused.code != 0
    assert "is none for this nines" in refused.err
    assert "campaign.json names it" in refused.err
