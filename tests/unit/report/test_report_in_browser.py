"""The page in a real browser, Debian's chromium: a phone, a desk, paper."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from evidence_folders import GOOD, Told, write_campaign, write_drill
from playwright.sync_api import Page, sync_playwright

from fournines.probes import catalogue
from fournines.prove.audits import Verdict
from fournines.report.document import document
from fournines.report.page import page
from fournines.report.read import read

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no chromium here: scripts/test installs it as root"),
    pytest.mark.timeout(600),
]
PAPER = 688
"""Pixels of a page of A4 between our margins."""
WORD = "a" * 300
"""Longer than any line, as a daemon may say it."""


@contextmanager
def browser() -> Generator[Page]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"], timeout=300_000
        )
        try:
            opened = started.new_page()
            # Of shared cores.
            opened.set_default_timeout(300_000)
            yield opened
        finally:
            started.close()


@pytest.fixture
def pages(tmp_path: Path) -> list[Path]:
    every = tuple(name for name in catalogue() if name != "guest-http")
    worst = Told(
        probes=every,
        down={name: [(0.0, 3.0 + place), (24.0, 26.0)] for place, name in enumerate(every)},
        audits=(*GOOD, Verdict("recovered", "fail", WORD)),
        void=(WORD,),
        notes=(WORD,),
    )
    many = write_campaign(tmp_path / "many", [worst, Told(down={"write": [(0.0, 99.0)]}), WORD, *[Told()] * 40])
    write_drill(tmp_path / "one", Told(down={"token": [(0.0, 4.5)]}))
    found: list[Path] = []
    for folder in (many, tmp_path / "one"):
        file = tmp_path / f"{folder.name}.html"
        file.write_text(page(document(read(folder))), encoding="utf-8")
        found.append(file)
    return found


def test_nothing_is_wider_than_the_page_and_nothing_is_asked_for(pages: list[Path]) -> None:
    with browser() as opened:
        asked: list[str] = []
        complained: list[str] = []
        opened.on("request", lambda request: asked.append(request.url))
        opened.on("console", lambda message: complained.append(message.text))
        opened.on("pageerror", lambda error: complained.append(str(error)))
        for file in pages:
            for width in (390, 1200):
                opened.set_viewport_size({"width": width, "height": 844})
                opened.goto(file.as_uri())
                opened.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
                wide = opened.evaluate("[document.documentElement.scrollWidth, document.body.scrollWidth]")
                assert max(wide) <= width, f"{file.name} at {width}"
                small = opened.evaluate(
                    "Math.min(...[...document.querySelectorAll('svg text')].map("
                    "each => parseFloat(getComputedStyle(each).fontSize)"
                    " * (each.ownerSVGElement.viewBox.baseVal.width"
                    " ? each.ownerSVGElement.getBoundingClientRect().width / each.ownerSVGElement.viewBox.baseVal.width"
                    " : 1)))"
                )
                assert small >= 9.5, "pixels: the least that is read"
        assert {url.partition(":")[0] for url in asked} == {"file"}
        assert len(asked) == 4
        assert complained == []
        opened.emulate_media(media="print")
        opened.set_viewport_size({"width": PAPER, "height": 1000})
        assert opened.evaluate("document.documentElement.scrollWidth") <= PAPER
        paper = opened.pdf(format="A4")
        assert paper.startswith(b"%PDF")
