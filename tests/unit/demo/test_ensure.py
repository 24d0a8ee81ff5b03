"""A guest that answers is left as it is; where none does, one is made."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fournines.cli.clouds import load
from fournines.converge.events import Event
from fournines.demo import ask, ensure, possible
from fournines.demo.find import Guest
from fournines.errors import NinesError
from fournines.state import State

STANDING = Guest("10.71.3.99", "192.168.172.5", "8f0e", "g1")
MADE = Guest("10.71.3.98", "192.168.172.6", "1c2d", "g2")


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    monkeypatch.setenv("NINES_STATE", str(tmp_path))
    return State("lab")


def says(monkeypatch: pytest.MonkeyPatch, said: str | Exception) -> None:
    """What is heard at the guest's address: the id of a guest, or nothing."""

    def heard(address: IPv4Address) -> Any:
        assert str(address) == STANDING.address
        if isinstance(said, Exception):
            raise said
        return SimpleNamespace(uuid=said)

    monkeypatch.setattr(ask, "ask", heard)


@pytest.mark.parametrize(
    ("found", "said", "wanted"),
    [
        (STANDING, STANDING.server, STANDING),
        (STANDING, "another one's", MADE),
        (STANDING, TimeoutError(), MADE),
        (STANDING, NinesError("no status of a guest"), MADE),
        (None, OSError(), MADE),
    ],
)
def test_what_is_left_and_what_is_made(
    state: State, monkeypatch: pytest.MonkeyPatch, found: Guest | None, said: str | Exception, wanted: Guest
) -> None:
    events: list[Event] = []
    says(monkeypatch, said)
    monkeypatch.setattr(ensure, "find", lambda *_: found)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    monkeypatch.setattr(ensure, "build", lambda *_: MADE)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    assert ensure.ensure(load("lab"), state, events.append) == wanted
    assert [event.text for event in events] == ([f"{STANDING.url} answers"] if wanted == STANDING else [])


def test_a_guest_needs_a_host_to_run_one_to_be_reached_through_and_one_for_its_disk() -> None:
    lab = load("lab")
    assert possible(lab)
    for role in ("compute", "network", "storage"):
        assert not possible(replace(lab, hosts=tuple(host for host in lab.hosts if role not in host.roles)))
