"""A host that is fenced while `up` works on it: its processes end first, and a moment later it is off."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from fournines import lab
from fournines.cli import standing
from fournines.state import State


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    monkeypatch.setenv("NINES_STATE", str(tmp_path))
    monkeypatch.setattr(standing, "OFF_WITHIN_S", 2.0)
    return State("lab")


def seen(monkeypatch: pytest.MonkeyPatch, *looks: Mapping[str, str]) -> list[object]:
    """What looks at the lab see, the last one from then on."""
    left, asked = list(looks), list[object]()

    def running(state: State) -> Mapping[str, Any]:
        asked.append(state)
        return left.pop(0) if len(left) > 1 else left[0]

    monkeypatch.setattr(lab, "running", running)
    return asked


def test_one_that_is_off_a_moment_later_is_waited_for(state: State, monkeypatch: pytest.MonkeyPatch):
    on, off = {"c1": "on", "c3": "on"}, {"c1": "on", "c3": "off"}
    seen(monkeypatch, on, on, off)
    assert standing._went_off(state) == ["c3"]  # pyright: ignore[reportPrivateUsage]


def test_one_that_is_off_already_is_told_at_once(state: State, monkeypatch: pytest.MonkeyPatch):
    asked = seen(monkeypatch, {"c1": "off"})
    assert standing._went_off(state) == ["c1"]  # pyright: ignore[reportPrivateUsage]
    assert len(asked) == 1


def test_where_none_goes_off_the_wait_ends(state: State, monkeypatch: pytest.MonkeyPatch):
    seen(monkeypatch, {"c1": "on"})
    assert standing._went_off(state) == []  # pyright: ignore[reportPrivateUsage]
