"""`nines check` and `nines explain`: what they print, and the exit code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from said import Nines, Said

from fournines import checks
from fournines.checks import Check

GOOD = Path(__file__).parents[1] / "checks/good.yaml"
ONE_FEED = ("--set", "racks.r1.feeds=[a]", "--set", "racks.r2.feeds=[a]", "--set", "racks.r3.feeds=[a]")
KEYS = ["code", "severity", "subject", "why", "fix", "place", "accepted"]


def listed(said: Said) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(said.out)
    for each in found:
        assert [*each] == KEYS
        assert each["severity"] in ("error", "warning", "note")
        assert all(isinstance(each[key], str) and each[key] for key in KEYS[:-2])
        assert each["accepted"] is None or isinstance(each["accepted"], str)
    return found


@pytest.fixture
def one_feed(tmp_path: Path) -> Path:
    """The good design on one feed."""
    file = tmp_path / "one-feed.yaml"
    file.write_text(GOOD.read_text().replace("feeds: [a, b], switches: [s1, s2]", "feeds: [a], switches: [s1, s2]"))
    return file


def test_a_design_without_errors(nines: Nines) -> None:
    said = nines("check", str(GOOD))
    assert (said.code, said.err) == (0, "")
    assert re.fullmatch(r"good: 0 errors(, [0-9]+ warnings?)?(, [0-9]+ notes?)?", said.out.splitlines()[-1])
    told = nines("check", str(GOOD), "--json")
    assert told.code == 0
    assert not [each for each in listed(told) if each["severity"] == "error"]


def test_an_error_is_told_with_its_place_and_ends_with_1(nines: Nines, one_feed: Path) -> None:
    said = nines("check", str(one_feed))
    assert (said.code, said.err) == (1, "")
    assert "error SPOF-FEED feed a\n" in said.out
    told = nines("check", str(one_feed), "--json")
    assert told.code == 1
    found = listed(told)
    assert found[0]["severity"] == "error"
    (feed,) = [each for each in found if each["code"] == "SPOF-FEED"]
    line = [number for number, text in enumerate(one_feed.read_text().splitlines(), 1) if text.startswith("feeds:")]
    assert feed["place"] == f"{one_feed}:{line[0]}:1"
    assert feed["subject"] == "feed a"
    assert feed["accepted"] is None


def test_text_and_json_say_the_same_on_80_columns(nines: Nines, one_feed: Path) -> None:
    said = nines("check", str(one_feed))
    heads = re.findall(r"^(error|warning|note) ([A-Z0-9-]+) (.+)$", said.out, re.MULTILINE)
    assert heads == [
        (each["severity"], each["code"], each["subject"]) for each in listed(nines("check", str(one_feed), "--json"))
    ]
    lines = [line for line in said.out.splitlines() if not line.startswith("  at ")]
    assert max(map(len, lines)) <= 80
    count = sum(severity == "error" for severity, _, _ in heads)
    assert lines[-1].startswith(f"good: {count} error")
    assert "\x1b" not in said.out


def test_what_is_accepted_is_told_so_and_ends_with_0(nines: Nines, one_feed: Path) -> None:
    codes = {each["code"] for each in listed(nines("check", str(one_feed), "--json")) if each["severity"] == "error"}
    assert len(codes) >= 2
    with one_feed.open("a") as file:
        file.write("accept:\n" + "".join(f"  {code}: a test of {code}\n" for code in sorted(codes)))
    said = nines("check", str(one_feed))
    assert said.code == 0
    assert "accepted SPOF-FEED feed a\n" in said.out
    assert "  accepted: a test of SPOF-FEED\n" in said.out
    assert re.search(r"^good: 0 errors\b.*, [0-9]+ accepted$", said.out, re.MULTILINE)
    found = listed(nines("check", str(one_feed), "--json"))
    assert {each["code"]: each["accepted"] for each in found if each["severity"] == "error"} == {
        code: f"a test of {code}" for code in codes
    }


def test_one_error_that_is_not_accepted_ends_with_1(nines: Nines, one_feed: Path) -> None:
    with one_feed.open("a") as file:
        file.write("accept: {SPOF-FEED: a test}\n")
    assert nines("check", str(one_feed)).code == 1


def test_a_wrong_file_is_a_finding_a_place_and_ends_with_2(nines: Nines, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("name: lab\nhost: {}\nnetworks:\n  management: {cidr: nonsense}\n")
    said = nines("check", str(file), "--json")
    assert said.code == 2
    found = listed(said)
    assert {(each["code"], each["severity"]) for each in found} == {("SPEC", "error")}
    places = [each["place"] for each in found]
    assert len(places) == len({*places}) >= 2
    assert all(re.fullmatch(rf"{re.escape(str(file))}:[0-9]+:[0-9]+", place) for place in places)
    assert f"{file}:2:1" in places
    assert "host" in next(each["why"] for each in found if each["place"] == f"{file}:2:1")
    plain = nines("check", str(file))
    assert (plain.code, plain.out) == (2, "")
    assert len(plain.err.splitlines()) == len(found)


def test_no_file_is_a_finding_too(nines: Nines) -> None:
    said = nines("check", "labb", "--json")
    assert said.code == 2
    (found,) = listed(Said(2, said.out.replace('"place": ""', '"place": "none"'), ""))
    assert "did you mean lab?" in found["why"]
    assert found["place"] == "none"


def test_what_if(nines: Nines) -> None:
    assert nines("check", str(GOOD), *ONE_FEED).code == 1
    found = listed(nines("check", str(GOOD), *ONE_FEED, "--json"))
    assert "SPOF-FEED" in {each["code"] for each in found}
    assert nines("check", str(GOOD)).code == 0, "the file is as it was"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("racks.r1", "expected PATH=VALUE"),
        ("racks.r9.feeds=[a, zz]", "zz"),
        ("hosts.nobody=", "there is no"),
        ("name.first=x", "no keys"),
    ],
)
def test_a_change_that_cannot_be_is_refused(nines: Nines, change: str, told: str) -> None:
    said = nines("check", str(GOOD), "--set", change)
    assert (said.code, said.out) == (2, "")
    assert told in said.err
    found = listed(nines("check", str(GOOD), "--set", change, "--json"))
    assert any(told in each["why"] for each in found)


def test_two_clouds_are_refused(nines: Nines) -> None:
    assert nines("check", "lab", "--cloud", "small").code == 2


def test_check_touches_no_state(nines: Nines, tmp_path: Path) -> None:
    nines("check", "lab")
    assert not (tmp_path / "state").exists()


def test_explain_lists_all_codes_and_tells_each(nines: Nines) -> None:
    said = nines("explain")
    assert said.code == 0
    assert [line.split()[0] for line in said.out.splitlines()] == [*checks.codes()]
    for code, known in checks.codes().items():
        told = nines("explain", code)
        assert told.code == 0
        assert told.out.startswith(f"{code} ({known.severity}): {known.title}\n\n")
        # Lines may end after a hyphen.
        assert "".join(known.why.split()) in "".join(told.out.split())
        assert (f"nines up --accept {code}" in told.out) == (known.severity == "error" and known.builds)
        assert ("not built" in told.out) == (not known.builds)
        assert told.out.endswith(f"accept:\n  {code}: why you may\n")
        body = told.out.splitlines()[1:]
        assert max(map(len, body)) <= 80, code


def test_a_code_is_found_in_small_letters_and_a_near_one_is_suggested(nines: Nines) -> None:
    assert nines("explain", "spof-host").out.startswith("SPOF-HOST (")
    said = nines("explain", "SPOF-HOTS")
    assert (said.code, said.out) == (1, "")
    assert "did you mean SPOF-HOST?" in said.err
    for nonsense in ("", "x" * 5000, "\x00", "é☃"):
        assert nines("explain", nonsense).code == 1


def test_every_family_of_checks_has_codes_of_its_own() -> None:
    families: list[Check] = [*checks.catalogue().values()]
    codes = [code.code for family in families for code in family.codes]
    assert sorted(codes) == [*checks.codes()]
