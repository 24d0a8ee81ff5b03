"""`nines prove` where there is no cloud: what it refuses, and how."""

from __future__ import annotations

import pytest
import typer
from said import Nines

from fournines.cli.verbs.prove import duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("8h", 28800), ("2d", 172800), ("1.5h", 5400)]
)
def test_times(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "8", "h", "-1h", "0s", "8 hours", "1h30m"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="90s, 30m, 8h, 2d"):
        duration(text)


def test_how_long_must_be_said(nines: Nines) -> None:
    said = nines("prove")
    assert said.code == 2
    assert "--for 8h" in said.err
    assert nines("prove", "--for", "8 hours").code == 2


def test_resuming_takes_no_new_wishes(nines: Nines) -> None:
    assert nines("prove", "--resume", "--seed", "0").code == 2
    said = nines("prove", "--resume", "--connections", "kept")
    assert said.code == 2
    assert "what was asked at the start holds" in said.err


@pytest.mark.parametrize("words", [("drill", "null"), ("prove", "--drills", "3")])
def test_there_are_two_kinds_of_connections(nines: Nines, words: tuple[str, ...]) -> None:
    said = nines(*words, "--connections", "keep")
    assert said.code == 2
    for word in ("--connections", "'keep'", "'fresh'", "'kept'"):
        assert word in said.err


def test_a_probe_that_nobody_can_request(nines: Nines) -> None:
    assert nines("prove", "--resume", "--probe", "create-to-answer").code == 2
    said = nines("prove", "--drills", "3", "--probe", "token")
    assert said.code == 7
    assert "no probe that is made on request: token" in said.err
    assert "of lab there is attach, create-to-answer" in said.err


def test_nothing_to_resume(nines: Nines) -> None:
    said = nines("prove", "--resume")
    assert (said.code, said.out) == (7, "")
    assert "no campaign of lab waits to be resumed" in said.err


def test_an_unknown_fault_is_told_with_the_near_one(nines: Nines) -> None:
    said = nines("prove", "--drills", "3", "--faults", "null,power-los")
    assert said.code == 7
    assert "did you mean power-loss?" in said.err
