"""The page: one file, the same bytes, nothing from elsewhere, nothing that evidence could smuggle in."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

from evidence_folders import GOOD, Told, write_campaign, write_drill

from fournines.posterior.model import Cut, Design, Model
from fournines.posterior.posterior import posterior
from fournines.predict.rates import defaults
from fournines.probes import catalogue
from fournines.prove.audits import Verdict
from fournines.report.document import document
from fournines.report.draw.svg import element, number
from fournines.report.page import OPEN, page
from fournines.report.read import read

HOSTILE = "<script>alert(1)</script>\"'&amp;{{ 7*7 }}</style>"
SPREAD = (
    Told(down={"token": [(0.0, 4.5), (6.0, 6.9), (8.0, 9.0)]}),
    Told(down={"write": [(36.0, 100.0)]}),
    Told(down={"token": [(0.0, 18.0)]}, void=("late",)),
    Told(audits=(*GOOD, Verdict("recovered", "fail", HOSTILE))),
    "the baseline is not clean",
    Told(fault="null", target="none", hosts=()),
)
_VOID = {"meta", "use", "circle", "line", "path", "rect", "br"}


class Nesting(HTMLParser):
    """Fails on tags that do not match; gathers names and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID or tag in {"path", "rect", "line", "circle", "use"}:
            self.stack.append(tag)
        if tag == "meta":
            return

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag


def parsed(text: str) -> Nesting:
    found = Nesting()
    found.feed(text)
    assert found.stack == []
    return found


def test_the_same_folder_gives_the_same_bytes_wherever_it_lies(tmp_path: Path) -> None:
    first = write_campaign(tmp_path / "first", SPREAD)
    second = tmp_path / "elsewhere/second"
    shutil.copytree(first, second)
    program = (
        "import sys; from pathlib import Path; from fournines.report.read import read;"
        "from fournines.report.document import document; from fournines.report.page import page;"
        "sys.stdout.write(page(document(read(Path(sys.argv[1])))))"
    )
    made = {
        subprocess.run(
            [sys.executable, "-c", program, folder],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True,
            check=True,
        ).stdout
        for folder, seed, zone in ((first, "1", "UTC"), (second, "2", "Asia/Tokyo"))
    }
    assert len(made) == 1
    assert str(tmp_path).encode() not in made.pop()


def test_it_needs_nothing_else_and_runs_nothing(tmp_path: Path) -> None:
    found = parsed(page(document(read(write_campaign(tmp_path, SPREAD)))))
    assert not {tag for tag, _ in found.tags} & {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
    for tag, attributes in found.tags:
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("href", "src"):
            assert (attributes.get(name) or "#").startswith("#"), (tag, attributes)
    style = re.findall(r"<style>(.*?)</style>", page(document(read(tmp_path))), re.DOTALL)
    assert len(style) == 1
    assert "url(" not in style[0]
    assert "@import" not in style[0]


def test_every_link_leads_somewhere_and_every_picture_says_what_it_shows(tmp_path: Path) -> None:
    found = parsed(page(document(read(write_campaign(tmp_path, SPREAD)))))
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in found.tags:
        if target := attributes.get("href"):
            assert target[1:] in ids
    for tag, attributes in found.tags:
        if tag == "svg":
            assert attributes.get("aria-hidden") == "true" or (
                attributes.get("role") == "img" and attributes.get("aria-label")
            )
        if tag == "th":
            assert attributes.get("scope") in ("row", "col")
    headings = [int(tag[1]) for tag, _ in found.tags if re.fullmatch(r"h[1-6]", tag)]
    assert headings.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(headings))


def test_what_daemons_say_stays_text(tmp_path: Path) -> None:
    audits = (Verdict(HOSTILE, "fail", HOSTILE), Verdict("seen", "unknown", HOSTILE))
    told = Told(audits=audits, void=(HOSTILE,), notes=(HOSTILE,), target=HOSTILE, hosts=(HOSTILE,), error=HOSTILE)
    write_campaign(tmp_path, [told, HOSTILE], cloud=HOSTILE, started=HOSTILE, configuration=HOSTILE)
    text = page(document(read(tmp_path)))
    assert "<script" not in text
    assert "49" not in re.sub(r"\d{3,}|[0-9a-f]{64}|\d+\.\d+", "", text.split("</style>")[1])
    parsed(text)
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 8


def test_what_is_unknown_void_or_unfinished_is_in_words(tmp_path: Path) -> None:
    text = page(document(read(write_campaign(tmp_path, SPREAD))))
    for words in (
        "Not safe: a check failed",
        "the end of an outage was not seen",
        "void, not counted",
        "did not end",
        "the baseline is not clean",
        "not measured",
        "container",
        "to ?",
    ):
        assert words in text
    assert "proved" not in text


def test_one_drill_alone_and_a_campaign_without_any(tmp_path: Path) -> None:
    write_drill(tmp_path / "one", SPREAD[0])
    assert "One drill" in page(document(read(tmp_path / "one")))
    assert "No drill has begun" in page(document(read(write_campaign(tmp_path / "none", []))))


def test_statistics_of_a_year_have_a_section_only_when_there_are_any(tmp_path: Path) -> None:
    evidence = read(write_campaign(tmp_path, [Told()]))
    assert 'id="year"' not in page(document(evidence))
    cut = Cut(("host c1", "host c2"), 1e-6, ({"hardware": 1.0},) * 2, frozenset({"c1", "c2"}), frozenset(), True)
    token = Model("token", "a token", "token", 3153.6, 0.3, 1800.0, (), (cut,))
    year = posterior([], Design("lab", (token,), {}, (0.99, 0.9, 0.999), "assumed"), defaults(), worlds=50)
    made = document(evidence, year)
    text = page(made)
    assert 'id="year"' in text
    (told,) = made.as_json()["year"]["services"]
    assert f"{told['p_sla_met']:.3f}" in text
    assert told["name"] == "a token"
    assert told["weakest"]
    assert told["weakest"] in text
    assert "host c1, host c2" in text


def test_hundreds_of_drills_stay_small(tmp_path: Path) -> None:
    """Two are written and the second is copied: what is tested is the page, not the writing."""
    names = tuple(name for name in catalogue() if name != "guest-http")[:20]
    flapping = [(at, at + 1.2) for at in range(0, 36, 6)]
    write_campaign(tmp_path, [Told(probes=names, down=dict.fromkeys(names, flapping))])
    for number_ in range(2, 201):
        folder = tmp_path / f"drills/{number_:04d}-power-loss"
        shutil.copytree(tmp_path / "drills/0001-power-loss", folder, copy_function=os.link)
        plan = (folder / "plan.json").read_text()
        (folder / "plan.json").unlink()
        (folder / "plan.json").write_text(plan.replace('"number": 1,', f'"number": {number_},'))
    text = page(document(read(tmp_path)))
    assert len(text) / 200 * 300 < 10e6
    assert text.count('<details class="drill"') == 200
    assert len(re.findall(r'<details class="drill"[^>]* open>', text)) == OPEN


def test_an_element_is_well_formed_whatever_is_in_it() -> None:
    for text in (HOSTILE, "", "a & b", '"'):
        made = ElementTree.fromstring(str(element("text", text, class_=text, text_anchor=None, x=1.0)))
        assert (made.text or "", made.get("class"), made.get("x")) == (text, text, "1")
    assert [number(value) for value in (0.0, -0.01, 1.25, 1000.0)] == ["0", "0", "1.2", "1000"]
