"""Guests leave a host, by an API that does what Nova does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from maintenance_views import cloud, well

from fournines.cloud import Cloud
from fournines.converge.events import Event
from fournines.errors import NinesError
from fournines.maintain import compute
from fournines.maintain.site import Site
from fournines.state import Vault


@dataclass
class Nova:
    """Two compute hosts; a migration takes two looks."""

    guests: dict[str, Any] = field(default_factory=dict[str, Any])
    other: str = "up"
    full: bool = False
    status: str = "enabled"
    reason: str | None = None
    most: int = 0
    """Migrations at a time."""

    def guest(self, name: str, status: str = "ACTIVE", power: int = 1) -> None:
        self.guests[name] = SimpleNamespace(
            id=name, name=name, status=status, task_state=None, power_state=power, compute_host="g1", looks=0
        )

    def services(self, **query: str) -> Iterator[Any]:
        own = SimpleNamespace(host="g1", status=self.status, state="up", disabled_reason=self.reason)
        yield own
        if "host" not in query:
            yield SimpleNamespace(host="g2", status="enabled", state=self.other, disabled_reason=None)

    def servers(self, *, all_projects: bool, compute_host: str) -> list[Any]:
        assert all_projects
        moving = [guest for guest in self.guests.values() if guest.status == "MIGRATING"]
        self.most = max(self.most, len(moving))
        for guest in moving:
            guest.looks += 1
            if guest.looks == 2:
                guest.status, guest.task_state = "ACTIVE", None
                guest.compute_host = "g1" if self.full else "g2"
        return [guest for guest in self.guests.values() if guest.compute_host == compute_host]

    def post(self, path: str, *, json: dict[str, Any], microversion: str) -> Any:
        assert json == {"os-migrateLive": {"host": None, "block_migration": "auto"}}
        guest = self.guests[path.split("/")[2]]
        guest.status, guest.task_state, guest.looks = "MIGRATING", "migrating", 0
        return SimpleNamespace(status_code=202, text="")

    def migrations(self) -> list[Any]:
        return [SimpleNamespace(server_id=name, status="error") for name in self.guests]

    def disable_service(self, found: Any, *, disabled_reason: str) -> None:
        self.status, self.reason = "disabled", disabled_reason


@dataclass(frozen=True)
class At(Site):
    nova: Nova

    def client(self) -> Any:
        return SimpleNamespace(sdk=SimpleNamespace(compute=self.nova))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Cloud:
    return cloud(tmp_path_factory.mktemp("cloud"))


@pytest.fixture
def seen() -> list[Event]:
    return []


@pytest.fixture
def at(small: Cloud, tmp_path: Path, seen: list[Event], monkeypatch: pytest.MonkeyPatch) -> At:
    monkeypatch.setattr(compute, "_POLL_S", 0)
    return At(small, {}, Vault(tmp_path), seen.append, Nova())


def possible(at: At) -> None:
    compute.Compute().possible(at, "g1", well(at.cloud))


def test_guests_that_run_leave_a_few_at_a_time_and_cold_ones_stay(at: At, seen: list[Event]) -> None:
    for name in "abcde":
        at.nova.guest(name)
    at.nova.guest("cold", "SHUTOFF", 4)
    possible(at)
    left = compute.Compute().take(at, "g1")
    assert list(left) == ["cold (cold, SHUTOFF) does not run, and stays"]
    assert {guest.compute_host for name, guest in at.nova.guests.items() if name != "cold"} == {"g2"}
    assert at.nova.most == compute.AT_ONCE
    assert (at.nova.status, at.nova.reason) == ("disabled", "nines maintain")
    assert {event.text for event in seen} == {f"{name} to leave" for name in "abcde"}
    assert all(event.kind == "wait" and event.seconds is not None for event in seen)
    assert list(compute.Compute().take(at, "g1")) == list(left), "again"


def test_who_finds_no_place_leaves_the_host_disabled_and_is_named(at: At) -> None:
    at.nova.full = True
    for name in "abc":
        at.nova.guest(name)
    with pytest.raises(NinesError, match=r"a \(a, ACTIVE\): its migration is said to be error; b ") as caught:
        compute.Compute().take(at, "g1")
    assert "c (c" not in caught.value.message, "nobody is sent after them"
    assert at.nova.status == "disabled"


def test_without_another_host_it_is_refused(at: At) -> None:
    at.nova.other = "down"
    at.nova.guest("a")
    with pytest.raises(NinesError, match="no other compute host is enabled and up: 1 guests"):
        possible(at)
    assert at.nova.status == "enabled"


def test_guests_that_run_and_cannot_move_refuse_it_by_name(at: At) -> None:
    at.nova.guest("a")
    at.nova.guest("saved", "RESCUE")
    with pytest.raises(NinesError, match=r"saved \(saved, RESCUE\)"):
        possible(at)


def test_what_somebody_else_disabled_is_not_ours(at: At) -> None:
    at.nova.status, at.nova.reason = "disabled", "broken fan"
    with pytest.raises(NinesError, match="broken fan"):
        possible(at)
    at.nova.reason = "nines maintain"
    possible(at)
