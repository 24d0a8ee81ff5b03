"""Which drills took what a minimal cut set needs."""

from __future__ import annotations

from typing import Any

import pytest
from drilled_clouds import design, model, seen

from fournines.posterior.cuts import Covered, covered
from fournines.posterior.model import Cut
from fournines.posterior.observation import Observation
from fournines.posterior.trial import trials


def cut(*hosts: str, daemons: tuple[tuple[str, str], ...] = (), drillable: bool = True) -> Cut:
    parts = (*(f"host {name}" for name in hosts), *(f"{service} on {host}" for service, host in daemons))
    return Cut(
        parts or ("a flood",),
        1e-6,
        tuple(dict[str, float]() for _ in parts),
        frozenset(hosts),
        frozenset(daemons),
        drillable,
    )


def found(own: Cut, *drills: Observation) -> Covered:
    (only,) = covered(design(model(cuts=[own])), trials(drills))
    return only


def storage(drill: int, *hosts: str, **more: Any) -> Observation:
    return seen(drill, fault="storage-host-power-loss", roles=("storage",), hosts=hosts, target="storage", **more)


def test_a_drill_of_both_covers_both() -> None:
    own = found(cut("s1", "s2"), storage(1, "s1"), storage(2, "s1", "s2"))
    assert (own.drills, own.alike, own.assumed, own.services) == (("0002",), (), False, ("token",))


def test_its_likes_count_and_are_told_apart() -> None:
    own = found(cut("s1", "s2"), storage(1, "s2", "s3"), seen(2, hosts=("c1", "c2")))
    assert (own.drills, own.alike, own.assumed) == ((), ("0001",), False)


def test_what_took_least_besides_comes_first() -> None:
    own = found(cut("s1"), storage(1, "s1", "s2"), storage(2, "s1"))
    assert own.drills == ("0002", "0001")


def test_a_silent_host_takes_its_daemons_and_a_killed_daemon_not_its_host() -> None:
    mixed = cut("s1", daemons=(("ceph", "s2"),))
    killed: dict[str, Any] = {"silences": False, "stops": "ceph"}
    assert found(mixed, storage(1, "s1", "s2")).drills == ("0001",)
    assert found(mixed, storage(1, "s1", "s2", **killed)).assumed
    both = cut(daemons=(("ceph", "s1"), ("ceph", "s2")))
    assert found(both, storage(1, "s1", "s2", **killed)).drills == ("0001",)
    assert found(both, storage(1, "s2", "s3", **killed)).alike == ("0001",)
    assert found(cut(daemons=(("ceph-osd", "s1"),)), storage(1, "s1", **killed)).assumed


@pytest.mark.parametrize(("recovered", "assumed"), [(True, False), (False, False), (None, True)])
def test_only_drills_of_a_known_end_cover_anything(recovered: bool | None, assumed: bool) -> None:
    assert found(cut("s1"), storage(1, "s1", recovered=recovered)).assumed is assumed


def test_what_no_fault_takes_is_assumed() -> None:
    everything = storage(1, "s1", "s2", "s3")
    assert found(cut("s1", drillable=False), everything).assumed
    assert found(cut(), everything).assumed


def test_cut_sets_of_several_services_are_told_once_and_those_of_high_order_not() -> None:
    one, many = cut("s1"), cut("s1", "s2", "s3")
    both = covered(design(model(cuts=[one, many]), model(cuts=[one])), [])
    assert [(each.parts, each.services) for each in both] == [(("host s1",), ("token", "token"))]
