"""The order of a run, what it changes when it is refused, and how it goes on after it was cut off."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from maintenance_views import GONE, cloud, ill, well

from fournines import maintain
from fournines.cloud import Cloud
from fournines.converge.events import silent
from fournines.converge.inspect import HostView
from fournines.errors import NinesError, WaitError
from fournines.maintain import Duty, Views
from fournines.maintain.run import enter, leave
from fournines.maintain.site import Site
from fournines.state import Vault


@dataclass
class Log:
    """What was done, in order; and what goes wrong."""

    did: list[str] = field(default_factory=list[str])
    taken: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    refuses: str = ""
    breaks: str = ""


def duty(its_name: str, log: Log, *, after: tuple[str, ...] = (), mark: tuple[str, str] | None = None) -> Duty:
    """One that every host has."""

    class Some(Duty):
        name: ClassVar[str] = its_name

        def hosts(self, cloud: Cloud) -> tuple[str, ...]:
            return tuple(host.name for host in cloud.hosts)

        def possible(self, site: Site, host: str, views: Views) -> None:
            if log.refuses == its_name:
                raise NinesError("no room", "make some")

        def take(self, site: Site, host: str) -> Sequence[str]:
            log.did.append(f"take {its_name}")
            if mark:
                log.taken.setdefault(mark[1], []).append(host)
            if log.breaks == its_name:
                raise WaitError("too slow", "look")
            return [f"a cold {its_name}"]

        def give(self, site: Site, host: str) -> None:
            log.did.append(f"give {its_name}")
            if log.breaks == its_name:
                raise WaitError("too slow", "look")
            if mark:
                log.taken.pop(mark[1], None)

    Some.after, Some.mark = after, mark
    return Some()


@dataclass(frozen=True)
class Seen(Site):
    """A site whose hosts are what a function says."""

    seen: Callable[[], Mapping[str, HostView]]

    def look(self, hosts: Collection[str] | None = None) -> Mapping[str, HostView]:
        return {name: view for name, view in self.seen().items() if hosts is None or name in hosts}


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    log = Log()
    known = {
        "first": duty("first", log, mark=("ceph", "noout")),
        "second": duty("second", log, after=("first",), mark=("pacemaker", "standby")),
        "third": duty("third", log, after=("second",)),
    }
    monkeypatch.setattr(maintain, "catalogue", lambda: dict(reversed(known.items())))
    return log


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Cloud:
    return cloud(tmp_path_factory.mktemp("cloud"))


def site(small: Cloud, log: Log, folder: Path, **changed: Any) -> Seen:
    return Seen(
        small,
        {},
        Vault(folder),
        silent,
        lambda: {**well(small, **{k: list(v) for k, v in log.taken.items()}), **changed},
    )


def test_there_and_back(small: Cloud, log: Log, tmp_path: Path) -> None:
    at = site(small, log, tmp_path)
    done = enter(at, "n1")
    assert done.duties == ("first", "second", "third")
    assert done.left == ("a cold first", "a cold second", "a cold third")
    assert log.did == ["take first", "take second", "take third"]
    log.did.clear()
    assert leave(at, "n1").duties == ("third", "second", "first")
    assert log.did == ["give third", "give second", "give first"]
    log.did.clear()
    assert leave(at, "n1").duties == ()
    assert log.did == []


def test_who_is_not_in_maintenance_is_not_given_anything(small: Cloud, log: Log, tmp_path: Path) -> None:
    log.taken["noout"] = ["n2"]
    assert leave(site(small, log, tmp_path), "n1").duties == ()
    assert log.did == []


@pytest.mark.parametrize("refuses", ["first", "third"])
def test_a_refusal_comes_before_anything_is_changed(small: Cloud, log: Log, tmp_path: Path, refuses: str) -> None:
    log.refuses = refuses
    with pytest.raises(NinesError, match="no room"):
        enter(site(small, log, tmp_path), "n1")
    assert log.did == []


def test_a_cloud_that_is_ill_refuses(small: Cloud, log: Log, tmp_path: Path) -> None:
    views = ill(well(small), "n2", "glance")
    with pytest.raises(NinesError, match="glance on n2"):
        enter(site(small, log, tmp_path, **views), "n1")
    assert log.did == []


def test_what_failed_in_the_middle_goes_on_or_back(small: Cloud, log: Log, tmp_path: Path) -> None:
    at = site(small, log, tmp_path)
    log.breaks = "second"
    with pytest.raises(WaitError, match="too slow") as caught:
        enter(at, "n1")
    assert caught.value.remedy.startswith("look; nines maintain n1 again")
    assert "nines maintain n1 --done" in caught.value.remedy
    assert log.did == ["take first", "take second"]
    log.breaks = ""
    assert enter(at, "n1").duties == ("first", "second", "third")
    log.did.clear()
    log.breaks = "second"
    with pytest.raises(WaitError):
        leave(at, "n1")
    log.breaks = ""
    assert leave(at, "n1").duties == ("third", "second", "first"), "what has no mark is given back again"


def test_only_what_was_taken_is_given_back(small: Cloud, log: Log, tmp_path: Path) -> None:
    log.taken["noout"] = ["n1"]
    assert leave(site(small, log, tmp_path), "n1").duties == ("third", "first")


def test_nothing_is_given_back_where_nobody_says_what_was_taken(small: Cloud, log: Log, tmp_path: Path) -> None:
    blind = dict.fromkeys(("n1", "n2", "n3"), GONE)
    with pytest.raises(NinesError, match="nobody says whether g1 is in maintenance: second, first"):
        leave(site(small, log, tmp_path, **blind), "g1")


def test_a_host_that_does_not_answer_is_waited_for(
    small: Cloud, log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fournines.maintain.run.ANSWER_S", 0)
    log.taken["standby"] = ["n1"]
    at = site(small, log, tmp_path, n1=GONE)
    with pytest.raises(WaitError, match="n1 to answer"):
        leave(at, "n1")
    assert log.did == []
    assert leave(replace(at, seen=site(small, log, tmp_path).seen), "n1").duties == ("third", "second")
