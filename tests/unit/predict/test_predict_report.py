"""Predictions as people read them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import pytest
from designs import cloud

from fournines.predict import report
from fournines.predict.prediction import Prediction, predict
from fournines.predict.rates import rates


def predictions(name: str, *changes: str) -> Sequence[Prediction]:
    return tuple(predict(cloud(name, *changes), years=500))


def test_nines() -> None:
    assert report.nines(0.9999) == pytest.approx(4)
    assert report.nines(0.5) == pytest.approx(0.30103)
    assert report.nines(1) == math.inf
    assert f"{report.nines(0):.1f}" == "0.0"


@pytest.mark.parametrize("name", ["lab", "small", "good"])
@pytest.mark.parametrize("width", [80, 120])
def test_a_table_fits_the_terminal(name: str, width: int) -> None:
    found = predictions(name)
    lines = report.table(found, cloud(name), width)
    assert max(map(len, lines)) <= width
    assert all(line == line.rstrip() and line.isprintable() for line in lines)


def test_figures_of_the_worst_cloud_fit_too() -> None:
    never = "{mttf_hours: 0.01, repair_hours: 1000000}"
    found = predictions("lab", f"rates.hardware={never}", f"rates.daemon={never}")
    assert max(map(len, report.table(found, found[0].cloud, 80))) <= 80
    assert max(map(len, report.comparison(predictions("lab"), found))) <= 80


def test_each_service_has_a_line_and_its_worst_causes() -> None:
    found = predictions("good")
    lines = report.table(found, cloud("good"))
    assert lines[0] == "good: promised 99.9 %, 525.6 minutes a year"
    for each in found:
        (row,) = [line for line in lines if re.match(rf"{each.name} +[0-9]", line)]
        words = row.split()
        assert float(words[1]) == pytest.approx(report.nines(each.availability), abs=0.05)
        assert float(words[4]) == pytest.approx(each.downtime_s / 60, abs=0.05)
        assert words[5] == ("met" if each.sla_met else "NOT")
        at = lines.index(f"{each.name}: {each.analysis.visible.title}, {each.downtime_s / 60:.1f} min/year")
        told = [line for line in lines[at + 1 : at + 8] if re.match(r" {1,7}[0-9]+\.[0-9][0-9]  ", line)]
        for line, cause in zip(told, each.causes[: report.CAUSES], strict=False):
            assert line.split()[0] == f"{cause.yearly_s / 60:.2f}"


def test_each_remedy_has_a_letter_and_is_told_once() -> None:
    found = predictions("small")
    text = " ".join(" ".join(report.table(found, cloud("small"))).split())
    causes, _, remedies = text.partition("What to do:")
    fixes = dict(re.findall(r"\[([a-z]+)\] ([^\[]+?)(?= \[| Given)", remedies))
    assert [*fixes] == [chr(ord("a") + number) for number in range(len(fixes))]
    assert len({*fixes.values()}) == len(fixes) == len({cause.fix for each in found for cause in each.causes[:3]})
    for each in found:
        for cause in each.causes[: report.CAUSES]:
            (letter,) = {*re.findall(rf" {re.escape(cause.what)} \[([a-z]+)\]", causes)}
            assert fixes[letter] == cause.fix


def test_what_it_stands_on_is_said() -> None:
    text = " ".join(report.table(predictions("lab"), cloud("lab")))
    text = " ".join(text.split())
    assert "of which nobody published: rack, feed, failover." in text
    assert "Not counted: the whole site (0.25 a year); a major human error that stops the cloud (0.17 a year)." in text
    assert "A prediction is no proof" in text
    text = " ".join(" ".join(report.table(predictions("lab", "rates.rack.counted=false"), cloud("lab"))).split())
    assert "of which nobody published: feed, failover." in text
    own = [f"rates.{kind}={{per_year: 0.1, counted: true}}" for kind in ("rack", "feed", "site", "operator")]
    own.append("rates.failover.coverage=0.9")
    text = " ".join(report.table(predictions("lab", *own), cloud("lab")))
    assert "nobody published" not in text
    assert "Not counted" not in text


def test_a_cloud_that_offers_nothing_says_so() -> None:
    assert report.table([], cloud("lab")) == ["lab offers nothing that users see"]


def test_a_comparison_says_what_the_second_design_makes_of_the_first() -> None:
    before, after = predictions("good", "sla=99.997", "racks.r1.switches=[s1]"), predictions("good", "sla=99.997")
    lines = report.comparison(before, after)
    assert len(lines) == 1 + len(after)
    assert {*map(len, lines)} == {len(lines[0])}
    assert len(lines[0]) <= 80
    for old, new, line in zip(before, after, lines[1:], strict=True):
        name, was, becomes, difference, gain, _, promise = line.split(maxsplit=6)
        assert name == new.name
        assert (float(was), float(becomes)) == pytest.approx((old.downtime_s / 60, new.downtime_s / 60), abs=0.05)
        for told, really, digits in (
            (difference, (new.downtime_s - old.downtime_s) / 60, 1),
            (gain, 100 * (new.availability - old.availability), 4),
        ):
            assert float(told.lstrip("~")) == pytest.approx(really, abs=0.5 * 10**-digits + 1e-9)
            assert told[0] == ("0" if not really else "~" if not round(really, digits) else "+" if really > 0 else "-")
        words = {True: "met", False: "NOT met"}
        same = old.sla_met == new.sla_met
        assert promise == (words[new.sla_met] if same else f"{words[old.sla_met]} -> {words[new.sla_met]}")


def test_a_promise_that_is_met_now_and_was_not_is_told() -> None:
    one_switch = "racks.r1.switches=[s1]"
    was, now = (predictions("good", *more)[0].availability for more in ((one_switch,), ()))
    sla = f"sla={50 * (was + now):.10f}"
    before, after = predictions("good", sla, one_switch), predictions("good", sla)
    assert report.comparison(before, after)[1].endswith(" NOT met -> met")
    assert report.comparison(after, before)[1].endswith(" met -> NOT met")


def test_services_that_come_and_go_are_told() -> None:
    without, lab = predictions("lab", "hosts.g1=", "hosts.g2="), predictions("lab")
    lines = report.comparison(without, lab)
    (new,) = [line for line in lines if line.startswith("create-guest")]
    assert new.split()[1] == "-"
    assert new.endswith("new")
    (gone,) = [line for line in report.comparison(lab, without) if line.startswith("create-guest")]
    assert gone.split()[2] == "-"
    assert gone.endswith("gone")


def test_rates_are_told_with_their_sources() -> None:
    known = rates(cloud("lab", "rates.disk.per_year=0.5"))
    lines = report.rates_table(known.values(), 80)
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    assert [line.split(":")[0] for line in lines if not line.startswith(" ")] == [*known]
    assert "site: the whole site (not counted)" in text
    assert (
        "disk: a disk\n    0.5 a year, back after 6 h, 1% in common; range 2 - 24 h down, 0.1 - 5 %\n      common\n"
        "    yours: the cloud file" in text
    )
    assert "range 90 - 99.9 % work, 0.1 - 2 h down" in text
    assert "succeeds in 99.0%; else 0.5 h" in text
    assert "Backblaze" not in text
    assert "Uptime Institute" in text


def test_letters_go_on_after_z() -> None:
    letters = report._letters()  # pyright: ignore[reportPrivateUsage]
    first = [next(letters) for _ in range(26 + 26 * 26 + 1)]
    assert (first[0], first[25], first[26], first[-1]) == ("a", "z", "aa", "aaa")
    assert len({*first}) == len(first)
