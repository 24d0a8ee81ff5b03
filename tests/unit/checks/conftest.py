"""A good design on real hosts, and what checks find in it or in a spoilt copy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from fournines.checks import Design, Finding, run
from fournines.cloud import load
from fournines.cloud.timers import Timers
from fournines.services import catalogue


@pytest.fixture(scope="session")
def good() -> str:
    """The text of good.yaml."""
    return (Path(__file__).parent / "good.yaml").read_text()


Findings = Callable[..., Sequence[Finding]]


@pytest.fixture
def findings(tmp_path: Path) -> Findings:
    """`findings(text, "CODE")`: what checks find in that cloud file, of that code or of all; with these `timers`."""

    def look(text: str, code: str = "", timers: Timers | None = None) -> Sequence[Finding]:
        file = tmp_path / "cloud.yaml"
        file.write_text(text)
        cloud = load(file, catalogue())
        design = Design(replace(cloud, own_timers=timers) if timers else cloud)
        return [each for each in run(design) if code in ("", each.code)]

    return look


@pytest.fixture
def spoilt(good: str) -> Callable[..., str]:
    """`spoilt(("old", "new"), ...)`: the good text with these replaced, each of which must be there."""

    def change(*pairs: tuple[str, str]) -> str:
        text = good
        for old, new in pairs:
            assert old in text, old
            text = text.replace(old, new)
        return text

    return change
