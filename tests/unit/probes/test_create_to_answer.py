"""A guest is made, answers, and is gone: against a real server that plays Nova, Neutron and the guest."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from little_cloud import LittleCloud, within
from little_guests import Guest
from test_drill_run import Stop, cloud, run_of, views

from fournines.cli.clouds import load
from fournines.cloud.model import Endpoint, Placement
from fournines.cloud.strategies import ACTIVE_ACTIVE
from fournines.converge.inspect import HostView
from fournines.demo.find import Guest as Demo
from fournines.errors import DrillError
from fournines.faults import named
from fournines.probes import ProbeError, Session, api_probe, catalogue, describe
from fournines.probes._lasting import undo
from fournines.probes.create_to_answer import CreateToAnswer
from fournines.prove import asked, lasting
from fournines.prove import samples as sampled
from fournines.prove.asked import probes_of
from fournines.prove.fleet import ProbeFleet
from fournines.prove.prober import Beat, Plan
from fournines.prove.targets import NOWHERE
from fournines.verify.run import Verified

NAME = "create-to-answer"
DEMO = Demo("127.0.0.1", "192.168.172.17", "d1", "g1")


def once(session: Session) -> Coroutine[Any, Any, str | None]:
    return api_probe(NAME).once(session, 7)


def test_it_is_made_answers_and_is_gone(keystone: LittleCloud) -> None:
    yours = Guest("fournines-probe-70", {})
    keystone.guests.servers[yours.id] = yours
    within(keystone, once)
    (made,) = [each for each in keystone.guests.servers.values() if each is not yours]
    assert made.asked == {
        "name": "fournines-probe-7",
        "flavorRef": "f1",
        "imageRef": "i1",
        "networks": [{"uuid": "n1"}],
        "security_groups": [{"name": "g1"}],
    }
    posted = [path for method, path, _ in keystone.requests if method == "POST"]
    assert posted == ["/v3/auth/tokens", "/v2.1/servers", "/v2.0/floatingips"], "nothing is tried twice"
    within(keystone, lambda session: undo(session, 7))
    assert keystone.guests.names == {yours.name}, "that of another request is not touched"


def test_a_refusal_and_a_guest_that_comes_to_nothing_are_told(keystone: LittleCloud) -> None:
    keystone.guests.refuses = 403
    with pytest.raises(ProbeError, match=r"status 403: .*Quota exceeded"):
        within(keystone, once)
    assert keystone.guests.asked == 1
    keystone.guests.refuses, keystone.guests.fails = 0, "No valid host was found."
    with pytest.raises(ProbeError, match=r"guest ERROR: No valid host was found\."):
        within(keystone, once)
    within(keystone, lambda session: undo(session, 7))
    assert keystone.guests.names == set()


def test_a_look_that_fails_is_no_failure(keystone: LittleCloud) -> None:
    keystone.guests.boots_s = 1.5

    async def disturbed(session: Session) -> None:
        attempt = asyncio.create_task(once(session))
        while not keystone.guests.addresses:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(keystone.become, "error")
        await asyncio.sleep(2.5)
        await asyncio.to_thread(keystone.become, "up")
        await attempt

    within(keystone, disturbed)
    looks = [path for method, path, _ in keystone.requests if method == "GET" and path.startswith("/v2.1/servers/")]
    assert looks, "while it was not there yet"


def test_a_deadline_says_what_was_waited_for(keystone: LittleCloud) -> None:
    keystone.guests.boots_s = 60
    with pytest.raises(TimeoutError) as caught:
        within(keystone, once, deadline=5)
    kind, detail = describe(caught.value)
    assert kind == "deadline"
    assert detail.startswith("no answer from 127.0.0.1:")
    assert detail.endswith(", the guest was BUILD")


def test_what_misses_its_deadline_is_removed_before_the_prober_ends(keystone: LittleCloud, tmp_path: Path) -> None:
    keystone.guests.boots_s = 600
    keystone.guests.stays = True
    beats = (Beat(probe=NAME, interval_s=1, deadline_s=2),)
    plan = Plan(api=keystone.api(), beats=beats, samples=tmp_path / "samples.jsonl")
    with ProbeFleet(plan) as fleet:
        until = time.monotonic() + 60
        while not fleet.new_samples() or keystone.guests.asked < 3:
            assert time.monotonic() < until
            time.sleep(0.02)
        assert keystone.guests.servers, "what goes away afterwards is not timed"
        keystone.guests.stays = False
        fleet.stop()
    samples = sampled.read(plan.samples)
    assert {sample.error for sample in samples} == {"deadline"}
    assert 3 <= keystone.guests.asked <= len(samples), "the apis meet the token without it"
    assert keystone.guests.names == set()


def test_what_a_killed_prober_left_is_found_by_its_name(keystone: LittleCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("fournines-probe-0", "fournines-probe-31", "nines-demo", "fournines-watch-2", "my fournines-probe-1"):
        guest = Guest(name, {})
        keystone.guests.servers[guest.id] = guest
    assert lasting.remove(keystone.api()) == 2
    assert keystone.guests.names == {"nines-demo", "fournines-watch-2", "my fournines-probe-1"}
    assert lasting.remove(keystone.api()) == 0
    keystone.guests.stays = True
    monkeypatch.setattr(asked, "_BOUND_S", 3)
    with pytest.raises(DrillError, match=r"remove what probes made: deadline not gone: /v2.1/servers/"):
        lasting.remove(keystone.api(names="fournines-watch"))
    keystone.become("error")
    with pytest.raises(DrillError, match="status 503"):
        lasting.remove(keystone.api())


def test_it_is_made_on_request_alone() -> None:
    lab = load("lab")
    assert NAME in catalogue()
    assert NAME not in {probe.name for probe in probes_of(lab)}
    both = [probe.name for probe in probes_of(lab, [NAME])]
    assert set(both) == {probe.name for probe in probes_of(lab)} | {NAME}
    for wrong in ("create-to-anser", "token"):
        with pytest.raises(DrillError, match=f"no probe that is made on request: {wrong}") as caught:
            probes_of(lab, [wrong])
        assert caught.value.remedy == f"of lab there is attach, {NAME}"
    bare = replace(lab, hosts=tuple(host for host in lab.hosts if "compute" not in host.roles))
    with pytest.raises(DrillError) as caught:
        probes_of(bare, [NAME])
    assert caught.value.remedy == "of lab there is none"


@pytest.fixture
def drilled(keystone: LittleCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """A drill with the probe, every other second and within 20 s, on a cloud of Keystone and Nova."""
    monkeypatch.setattr(CreateToAnswer, "interval_s", 2)
    monkeypatch.setattr(CreateToAnswer, "deadline_s", 20)
    roles = frozenset({"compute", "network", "storage"})
    base = cloud()
    hosts = tuple(replace(host, roles=roles) for host in base.hosts)
    nova = Placement("nova", ACTIVE_ACTIVE, hosts, (), (Endpoint("nova", 8774),))
    kept = {name: replace(base.services[name], hosts=hosts) for name in ("pacemaker", "galera", "keystone")}
    small = replace(base, hosts=hosts, services={**kept, "nova": nova})

    def seen() -> dict[str, HostView]:
        return {
            name: replace(view, services={**view.services, "nova": view.services["keystone"]})
            for name, view in views().items()
        }

    def run(fault: Any, target: str, **changed: Any) -> Any:
        known = {"cloud": small, "look": seen, "requested": [NAME], "guest": lambda: DEMO} | changed
        return run_of(keystone, tmp_path, fault, target, **known)()

    return run


def test_a_drill_with_it_leaves_no_guest_to_the_audits(keystone: LittleCloud, drilled: Callable[..., Any]) -> None:
    left = Guest("fournines-probe-0", {})
    keystone.guests.servers[left.id] = left
    keystone.guests.boots_s = 2
    there: list[set[str]] = []

    def verify() -> tuple[Verified, ...]:
        there.append(keystone.guests.names)
        return (Verified("nova", True, "a flavor", 0.1),)

    report = drilled(Stop(keystone), "c3", verify=verify)
    probes = {probe.name: probe for probe in report.probes}
    assert set(probes) == {"token", "read", "write", "compute-read", "compute-write", NAME}
    probe = probes[NAME]
    assert probe.requests > probe.errors > 0
    assert probe.request_s > 2, "its baseline lasted until the first one had answered"
    assert probe.outages[-1].next_good is not None, "and the fault until one did again"
    assert probe.phases["baseline"].outages == 0
    assert there == [set()]
    assert left.id not in keystone.guests.servers
    assert keystone.guests.asked <= probe.requests, "nothing is tried twice"


def test_a_baseline_that_is_not_clean_leaves_none_either(keystone: LittleCloud, drilled: Callable[..., Any]) -> None:
    keystone.guests.fails = "No valid host was found."
    with pytest.raises(DrillError, match=r"create-to-answer: guest ERROR No valid host was found\."):
        drilled(Stop(keystone), "c3")
    assert keystone.guests.asked
    assert keystone.guests.names == set()


def test_without_a_demo_there_is_nothing_to_make_them_of(keystone: LittleCloud, drilled: Callable[..., Any]) -> None:
    with pytest.raises(DrillError, match="create-to-answer: made with the demo, and none runs"):
        drilled(named("null"), NOWHERE, guest=lambda: None)
    del keystone.guests.of["/v2/images"]["nines-demo"]
    with pytest.raises(ProbeError, match="no demo: none of the images is nines-demo: nines demo makes it"):
        within(keystone, once)
    assert keystone.guests.asked == 0
