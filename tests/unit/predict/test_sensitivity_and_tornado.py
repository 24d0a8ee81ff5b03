"""Which rate matters most, and how that is drawn."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from designs import predicted

from fournines.predict import tornado
from fournines.predict.sensitivity import Bar, sensitivities

SVG = "{http://www.w3.org/2000/svg}"
WIDE = Bar("daemon", "per_year", "one service's daemons", 2, 24, 5.0, 65.0)
NARROW = Bar("failover", "coverage", "whether it succeeds & what <not>", 0.9, 0.999, 40.0, 10.0)
COMMON = ("per_year", "repair_hours", "beta")
BARS, NOW = (WIDE, NARROW), 20.0


def drawn(text: str) -> tuple[list[tuple[str, float, float]], float]:
    """Of a picture: each bar's name, left end and right end from the top down, and where today's line is."""
    root = ElementTree.fromstring(text)
    assert root.tag == f"{SVG}svg"
    names = [
        each.text or "" for each in root.iter(f"{SVG}text") if each.get("text-anchor") == "end" and not is_number(each)
    ]
    bars = [each for each in root.iter(f"{SVG}rect") if each.get("x") is not None]
    bars.sort(key=lambda each: number(each, "y"))
    assert len({number(each, "y") for each in bars}) == len(bars), "none hides another"
    ends = [(number(each, "x"), number(each, "x") + number(each, "width")) for each in bars]
    (line,) = root.iter(f"{SVG}line")
    assert line.get("x1") == line.get("x2")
    return [(name, *end) for name, end in zip(names, ends, strict=True)], number(line, "x1")


def number(element: ElementTree.Element, key: str) -> float:
    return float(element.get(key, "nan"))


def is_number(element: ElementTree.Element) -> bool:
    return re.fullmatch(r"[0-9.]+", element.text or "") is not None


def test_bars_are_the_figures_at_the_ends_of_each_range_the_widest_first() -> None:
    found = predicted("token", "lab")
    bars = sensitivities(found)
    assert [bar.width for bar in bars] == sorted((bar.width for bar in bars), reverse=True)
    drawn = [(bar.kind, bar.figure) for bar in bars]
    assert len({*drawn}) == len(drawn)
    shared = {(kind, figure) for kind in ("hardware", "system", "daemon", "feed", "switch") for figure in COMMON}
    assert {*drawn} >= shared | {("failover", "coverage"), ("failover", "repair_hours")}
    for bar in bars:
        for value, minutes in ((bar.low, bar.at_low), (bar.high, bar.at_high)):
            other = predicted("token", "lab", f"rates.{bar.kind}.{bar.figure}={value}")
            assert minutes == pytest.approx(other.downtime_s / 60, rel=1e-12), bar.label
        if bar.figure == "coverage":
            assert bar.at_low > found.downtime_s / 60 > bar.at_high, "the better they succeed"
        else:
            assert bar.at_low < found.downtime_s / 60 < bar.at_high


def test_what_the_operator_knows_or_does_not_count_has_no_bar() -> None:
    kinds = {bar.kind for bar in sensitivities(predicted("token", "lab", "rates.hardware.per_year=2"))}
    assert {"hardware", "daemon"} <= kinds
    for figure in COMMON:
        found = sensitivities(predicted("token", "lab", f"rates.hardware.{figure}=0.03"))
        assert {bar.figure for bar in found if bar.kind == "hardware"} == {*COMMON} - {figure}
    assert "site" not in kinds
    assert "site" in {bar.kind for bar in sensitivities(predicted("token", "lab", "rates.site.counted=true"))}
    assert "disk" not in kinds, "a token does not stand on any"


@pytest.mark.parametrize("width", [60, 80, 120])
def test_text_fills_a_line_from_the_least_to_the_most(width: int) -> None:
    wide, narrow = tornado.text(BARS, NOW, width)
    assert max(map(len, (wide, narrow))) <= width
    assert len(wide) > width - 12
    assert wide.startswith("daemon: 2 - 24 a year")
    assert narrow.startswith("failover: 90 - 99.9 % work")
    assert re.search(r" 5\.0 [=|]+ +65\.0$", wide)
    assert re.search(r" 10\.0 +[=|]+ +40\.0$", narrow), "the lower figure stands on the left, whichever end gives it"
    assert wide.index("|") == narrow.index("|"), "today's figure is at one place"
    of_wide, of_narrow = (len(re.findall("[=|]", line)) for line in (wide, narrow))
    assert of_narrow == pytest.approx(of_wide / 2, abs=1)


def test_a_figure_off_all_bars_is_drawn_at_the_edge() -> None:
    for now in (-100.0, 1e6):
        for line in tornado.text(BARS, now, 80):
            assert line.count("|") == 1
            assert len(line) <= 80


def test_no_bars_are_said_to_be_none() -> None:
    assert tornado.text([], 3.0) == ["no figure with a range makes a difference"]
    text = tornado.svg([], 3.0, "a token")
    assert drawn(text)[0] == []
    assert "no figure with a range makes a difference" in text


def test_one_figure_alone_is_drawn() -> None:
    flat = Bar("rack", "per_year", "a rack", 0.1, 0.2, 5.0, 5.0)
    (line,) = tornado.text([flat], 5.0)
    assert line.count("|") == 1
    (((_, left, right),), now) = drawn(tornado.svg([flat], 5.0, "flat"))
    assert left <= now <= right


def test_a_picture_has_one_bar_each_in_order_and_to_scale() -> None:
    ((wide, narrow), now) = drawn(tornado.svg(BARS, NOW, "a <token> & more"))
    assert [wide[0], narrow[0]] == ["daemon: 2 - 24 a year", "failover: 90 - 99.9 % work"]
    scale = (wide[2] - wide[1]) / 60
    assert narrow[1] - wide[1] == pytest.approx(5 * scale, abs=0.2)
    assert narrow[2] - wide[1] == pytest.approx(35 * scale, abs=0.2)
    assert now - wide[1] == pytest.approx(15 * scale, abs=0.2)


def test_a_picture_names_itself_and_each_bar_and_stays_inside() -> None:
    root = ElementTree.fromstring(tornado.svg(BARS, NOW, "a <token> & more"))
    assert [each.text for each in root.iter(f"{SVG}title")] == [
        "a <token> & more",
        "one service's daemons: 5.00 to 65.00 minutes",
        "whether it succeeds & what <not>: 10.00 to 40.00 minutes",
    ]
    _, _, width, height = map(float, root.get("viewBox", "").split())
    for each in root.iter(f"{SVG}rect"):
        if each.get("x") is not None:
            assert 0 <= number(each, "x") <= number(each, "x") + number(each, "width") <= width
            assert 0 <= number(each, "y") <= number(each, "y") + number(each, "height") <= height


@pytest.mark.parametrize("service", ["token", "api-write", "volume-io"])
def test_the_chart_of_a_real_service_fits(service: str) -> None:
    found = predicted(service, "lab")
    bars = sensitivities(found)
    lines = tornado.text(bars, found.downtime_s / 60)
    assert max(map(len, lines)) <= 80
    names = [name for name, _, _ in drawn(tornado.svg(bars, found.downtime_s / 60, service))[0]]
    assert len(lines) == len(names) == len(bars)
    assert names == [bar.label for bar in bars]
    assert all(line.startswith(name) for line, name in zip(lines, names, strict=True))
