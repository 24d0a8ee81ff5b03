"""`nines predict`: what it prints, for people and for programs, and the exit code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from said import Nines, Said

GOOD = str(Path(__file__).parents[1] / "checks/good.yaml")
QUICK = ("--years", "200")
SERVICES = (
    *("token", "api-read", "api-write", "create-guest", "attach-volume", "volume-io", "floating-ip", "dhcp"),
    *("image-download", "s3", "dashboard", "guest"),
)
"""Of clouds/lab.yaml."""
OF_GUESTS = {"create-guest", "attach-volume", "guest"}
TREE = """<opsa-mef><define-fault-tree name="t">
<define-gate name="top"><or><event name="one"/><and><event name="two"/><event name="three"/></and></or></define-gate>
</define-fault-tree><model-data>
<define-basic-event name="one"><float value="0.1"/></define-basic-event>
<define-basic-event name="two"><float value="0.2"/></define-basic-event>
<define-basic-event name="three"><float value="0.5"/></define-basic-event>
</model-data></opsa-mef>"""


@pytest.fixture
def guestless(tmp_path: Path) -> str:
    """The lab without compute hosts."""
    text = (Path(__file__).parents[3] / "clouds/lab.yaml").read_text()
    start = text.index("  g[1-2]:")
    file = tmp_path / "guestless.yaml"
    file.write_text(text[:start].replace("name: lab", "name: guestless"))
    return str(file)


def told(said: Said) -> Any:
    assert (said.code, said.err) == (0, "")
    return json.loads(said.out)


def test_json_has_each_service_with_its_figures(nines: Nines) -> None:
    found = told(nines("predict", "lab", "--json", *QUICK))
    assert [*found] == ["cloud", "sla", "services", "remarks"]
    assert found["remarks"] == []
    assert (found["cloud"], found["sla"]) == ("lab", 0.9999)
    assert tuple(each["name"] for each in found["services"]) == SERVICES
    for each in found["services"]:
        assert {*each} >= {"name", "availability", "downtime_minutes_per_year", "p_sla_met", "sla_met"}
        assert 0.99 < each["availability"] < 1
        assert each["downtime_minutes_per_year"] == pytest.approx(525_600 * (1 - each["availability"]), rel=1e-6)
        assert 0 <= each["p_sla_met"] <= 1
        assert each["sla_met"] is (each["availability"] >= 0.9999)
        assert each["simulated_years"] == 200
        assert all([*cut] == ["parts", "probability"] and cut["parts"] for cut in each["cut_sets"])
        assert all(
            [*cause] == ["what", "minutes_per_year", "fix", "birnbaum", "fussell_vesely"] for cause in each["causes"]
        )
        assert each["cut_sets"]
        assert each["causes"]


def test_the_default_is_the_cloud_of_the_environment(nines: Nines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NINES_CLOUD", "small")
    assert told(nines("predict", "--json", "--service", "guest", *QUICK))["cloud"] == "small"


def test_a_table_fits_80_columns_and_ends_with_0_though_promises_are_not_met(nines: Nines) -> None:
    said = nines("predict", "lab", "--set", "sla=99.99999", *QUICK)
    assert (said.code, said.err) == (0, "")
    assert max(map(len, said.out.splitlines())) <= 80
    assert "NOT met" in said.out


def test_the_seed_decides(nines: Nines) -> None:
    first, again, other = (nines("predict", "lab", "--json", "--seed", seed, *QUICK).out for seed in "112")
    assert first == again != other


def test_one_service_with_what_it_depends_on(nines: Nines) -> None:
    said = nines("predict", "lab", "--service", "token", *QUICK)
    assert said.code == 0
    table, _, bars = said.out.partition("minutes a year of token, from one end of each figure's range to the other:\n")
    assert re.findall(r"^([a-z0-9-]+) +[0-9]+\.[0-9] ", table, re.MULTILINE) == ["token"]
    assert re.search(r"^ +1\.00e\+00 +\d+\.\d\d%  all control hosts at once$", table, re.MULTILINE), "Birnbaum and F-V"
    assert max(map(len, table.splitlines())) <= 80
    assert len(bars.splitlines()) >= 5
    assert all("|" in line and len(line) <= 80 for line in bars.splitlines())
    found = told(nines("predict", "lab", "--service", "token", "--json", *QUICK))
    depends = found["services"][0]["sensitivities"]
    assert (depends[0]["kind"], depends[0]["figure"]) == ("hardware", "repair_hours"), "the widest first"
    assert {*depends[0]} == {"kind", "figure", "what", "low", "high", "at_low", "at_high"}
    assert [each["name"] for each in found["services"]] == ["token"]


@pytest.mark.parametrize("option", ["--service", "--export"])
def test_a_near_service_is_suggested(nines: Nines, option: str, guestless: str) -> None:
    said = nines("predict", "lab", option, "tokn")
    assert (said.code, said.out) == (1, "")
    assert "did you mean token?" in said.err
    assert nines("predict", guestless, option, "guest").code == 1, "that cloud offers none"


def test_what_if_is_told_as_a_difference(nines: Nines) -> None:
    change = "rates.daemon.per_year=0"
    said = nines("predict", "lab", "--set", change, *QUICK)
    assert said.code == 0
    rows = said.out.splitlines()
    assert rows[0].split() == ["service", "min/year", "becomes", "difference", "availability", "promise"]
    assert tuple(row.split()[0] for row in rows[1:]) == SERVICES
    assert all(float(row.split()[3]) < 0 for row in rows[1:])
    assert max(map(len, rows)) <= 80
    found = told(nines("predict", "lab", "--set", change, "--json", *QUICK))
    assert [*found] == ["cloud", "sla", "services", "remarks", "before"]
    assert found["before"] == told(nines("predict", "lab", "--json", *QUICK))["services"]
    for was, now in zip(found["before"], found["services"], strict=True):
        assert was["availability"] < now["availability"]


def test_two_clouds_are_compared(nines: Nines, guestless: str) -> None:
    found = told(nines("predict", guestless, "lab", "--json", *QUICK))
    assert found["cloud"] == "lab"
    assert {each["name"] for each in found["before"]} == {*SERVICES} - OF_GUESTS
    assert tuple(each["name"] for each in found["services"]) == SERVICES
    said = nines("predict", guestless, "lab", *QUICK)
    assert re.search(r"^guest .* new$", said.out, re.MULTILINE)
    assert nines("predict", guestless, "--cloud", "lab", *QUICK) == said


@pytest.mark.parametrize(
    "words",
    [
        ("lab", "small", "lab"),
        ("lab", "small", "--set", "sla=99"),
        ("lab", "--years", "0"),
        ("lab", "--years", "many"),
        ("lab", "--seed", "-1"),
        ("lab", "--no-such-option"),
    ],
)
def test_what_cannot_be_asked_is_a_usage_error(nines: Nines, words: tuple[str, ...]) -> None:
    said = nines("predict", *words)
    assert (said.code, said.out) == (2, "")
    assert "Usage: nines predict" in said.err


@pytest.mark.parametrize("change", ["nonsense", "sla=", "rates.disk.per_year=-1", "hosts.c9.rack=r1", "sla=[", ""])
def test_a_change_that_cannot_be_is_refused(nines: Nines, change: str) -> None:
    said = nines("predict", "lab", "--set", change, *QUICK)
    if change == "sla=":
        assert said.code == 0, "without one, the default holds"
        return
    assert (said.code, said.out) == (2, "")
    assert re.match(r"\S*lab\.yaml:[0-9]+:[0-9]+: ", said.err)


def test_a_wrong_file_ends_with_2_and_places(nines: Nines, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("name: lab\nhost: {}\n")
    for words in ((str(file),), ("lab", str(file)), (str(file), "--json"), (str(file), "--rates")):
        said = nines("predict", *words)
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith(f"{file}:")


def test_a_picture(nines: Nines, tmp_path: Path) -> None:
    file = tmp_path / "token.svg"
    assert nines("predict", "lab", "--service", "token", "--svg", str(file), *QUICK).code == 0
    picture = ElementTree.parse(file).getroot()
    assert [each.text for each in picture][:1] == ["a token (token)"]


def test_a_picture_of_all_or_into_nowhere_is_refused(nines: Nines, tmp_path: Path) -> None:
    file = tmp_path / "all.svg"
    said = nines("predict", "lab", "--svg", str(file), *QUICK)
    assert (said.code, said.out) == (2, "")
    assert "--service" in said.err
    assert not file.exists()
    for nowhere in (tmp_path / "no/such/folder.svg", tmp_path):
        said = nines("predict", "lab", "--service", "token", "--svg", str(nowhere), *QUICK)
        assert (said.code, said.out) == (1, "")
        assert said.err.startswith("cannot write ")
    assert nines("predict", "lab", "--service", "token", "--svg", "a\x00b", *QUICK).code == 2


def test_rates_are_listed_with_sources(nines: Nines) -> None:
    said = nines("predict", "lab", "--rates", "--set", "rates.disk.per_year=0.5")
    assert said.code == 0
    assert "Backblaze" not in said.out
    assert "yours: the cloud file" in said.out
    assert max(map(len, said.out.splitlines())) <= 80
    found = {each["kind"]: each for each in told(nines("predict", "lab", "--rates", "--json"))}
    assert "Backblaze" in found["disk"]["source"]
    assert found["disk"]["range"][0] < found["disk"]["per_year"] < found["disk"]["range"][1]


def test_an_exported_tree_has_the_same_probability(nines: Nines, tmp_path: Path) -> None:
    services = {each["name"]: each for each in told(nines("predict", GOOD, "--json", *QUICK))["services"]}
    for name in ("token", "attach-volume", "guest"):
        said = nines("predict", GOOD, "--export", name)
        assert (said.code, said.err) == (0, "")
        file = tmp_path / "tree.xml"
        file.write_text(said.out)
        found = told(nines("predict", "--open-psa", str(file), "--json"))
        assert [*found] == ["probability", "cut_sets"]
        assert found["probability"] == pytest.approx(services[name]["unavailability_of_structure"], rel=1e-9)
        assert sum(found["cut_sets"]["by_order"].values()) == found["cut_sets"]["count"] > 50


def test_a_tree_is_solved(nines: Nines, tmp_path: Path) -> None:
    file = tmp_path / "tree.xml"
    file.write_text(TREE)
    found = told(nines("predict", "--open-psa", str(file), "--json"))
    assert found == {
        "probability": pytest.approx(0.19, rel=1e-12),
        "cut_sets": {"count": 2, "by_order": {"1": 1, "2": 1}},
    }
    few = told(nines("predict", "--open-psa", str(file), "--json", "--limit-order", "1"))
    assert few["cut_sets"] == {"count": 1, "by_order": {"1": 1}}
    said = nines("predict", "--open-psa", str(file))
    assert said.out.splitlines() == [
        "top: probability 0.19, exactly; 3 basic events",
        "2 minimal cut sets; by order: 1: 1, 2: 1",
        "  0.1  one",
        "  0.1  three, two",
    ]


def test_a_tree_that_cannot_be_read_is_told_by_place(nines: Nines, tmp_path: Path) -> None:
    file = tmp_path / "tree.xml"
    file.write_text(TREE.replace('<float value="0.5"/>', '<float value="5"/>'))
    said = nines("predict", "--open-psa", str(file), "--json")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"{file}:6:")
    assert nines("predict", "--open-psa", str(tmp_path / "none.xml")).code == 2
    file.write_text(TREE)
    said = nines("predict", "--open-psa", str(file), "--top", "tpo")
    assert said.code == 2
    assert "did you mean top?" in said.err


def test_predict_touches_no_state(nines: Nines, tmp_path: Path) -> None:
    nines("predict", "lab", *QUICK)
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("option", [("--top", "g"), ("--limit-order", "2")])
def test_options_of_open_psa_want_a_file_of_it(nines: Nines, option: tuple[str, str]) -> None:
    said = nines("predict", "lab", *option)
    assert said.code == 2
    assert "only with --open-psa" in said.err
