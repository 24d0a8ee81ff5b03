"""`nines up` builds no design with an error that nobody accepted, and has touched nothing by then."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from said import Nines

from fournines.cli import build
from fournines.cloud import Cloud
from fournines.state import State

GOOD = Path(__file__).parents[1] / "checks/good.yaml"


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Clouds that were built, none of them really."""
    seen: list[str] = []

    def pretend(cloud: Cloud, state: State, *rest: object, always_prove: bool) -> object:
        seen.append(cloud.name)
        return SimpleNamespace(
            cloud=cloud, text=lambda: "did nothing", as_json=lambda: {"cloud": cloud.name}, verified=()
        )

    monkeypatch.setattr(build, "build", pretend)
    return seen


@pytest.fixture
def cloud(tmp_path: Path) -> Path:
    """The good design on one feed, its BMCs with a password that can be read."""
    password = tmp_path / "password"
    password.write_text("secret\n")
    text = GOOD.read_text().replace("feeds: [a, b], switches: [s1, s2]", "feeds: [a], switches: [s1, s2]")
    file = tmp_path / "cloud.yaml"
    file.write_text(text.replace("password_file: /etc/p", f"password_file: {password}"))
    return file


ACCEPTED = ("--accept", "SPOF-FEED", "--accept", "FENCE-FEED", "--accept", "QUORUM-DOMAIN")


def test_an_error_keeps_it_from_being_built(nines: Nines, built: list[str], cloud: Path, tmp_path: Path) -> None:
    said = nines("up", str(cloud))
    assert (said.code, said.out) == (1, "")
    assert not built
    assert not (tmp_path / "state").exists()
    assert f"{cloud}:" in said.err
    assert "SPOF-FEED" in said.err
    assert "nines check" in said.err
    offered = said.err.split("to build it all the same: ")[1].split(", or")[0].split()
    assert {*offered[1::2]} == {*ACCEPTED[1::2]}
    assert {*offered[::2]} == {"--accept"}


def test_nobody_is_told_to_accept_what_is_never_built(nines: Nines, built: list[str]) -> None:
    said = nines("up", "two-controllers")
    assert (said.code, built) == (1, [])
    assert "nothing here builds a cloud with STRATEGY-DRBD, STRATEGY-SHARED-DISK" in " ".join(said.err.split())
    assert "--accept" not in said.err


def test_it_is_built_when_all_of_them_are_accepted(nines: Nines, built: list[str], cloud: Path) -> None:
    said = nines("up", str(cloud), *ACCEPTED)
    assert (said.code, built) == (0, ["good"])
    assert "did nothing" in said.out


def test_it_is_built_when_the_file_accepts_them(nines: Nines, built: list[str], cloud: Path) -> None:
    with cloud.open("a") as file:
        file.write("accept: {SPOF-FEED: a test}\n")
    assert nines("up", str(cloud)).code == 1
    assert nines("up", str(cloud), *ACCEPTED[2:], "--json").code == 0
    assert built == ["good"]


def test_one_that_is_accepted_is_not_all(nines: Nines, built: list[str], cloud: Path, tmp_path: Path) -> None:
    for accepted in (ACCEPTED[:4], ACCEPTED[2:], ("--accept", "NO-SUCH-CODE"), ("--accept", "spof-feed")):
        said = nines("up", str(cloud), *accepted)
        assert said.code == 1
        assert not built
        assert not (tmp_path / "state").exists()
    assert "SPOF-FEED" not in nines("up", str(cloud), *ACCEPTED[:2]).err


def test_a_code_that_there_is_not_is_told(nines: Nines, built: list[str], cloud: Path) -> None:
    said = nines("up", str(cloud), "--accept", "SPOF-FED")
    assert (said.code, built) == (1, [])
    assert "did you mean SPOF-FEED?" in said.err


def test_a_code_may_be_in_small_letters(nines: Nines, built: list[str], cloud: Path) -> None:
    assert nines("up", str(cloud), *(word.lower() for word in ACCEPTED)).code == 0
    assert built == ["good"]
