"""The real catalogue and the lab's cloud as stages; and a look at three such hosts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
from converge_support import NOWHERE, LocalHost

from fournines.cloud import Cloud, load
from fournines.cloud.model import Host, Needs, Placement
from fournines.cloud.strategies import QUORUM
from fournines.converge import base, deploy, firewall
from fournines.converge import inspect as inspect_module
from fournines.converge.inspect import inspect
from fournines.converge.resources import File, Package, Resource, Unit
from fournines.converge.steps import Check, Command, HostPart, Stage, Tcp
from fournines.errors import NinesError
from fournines.services import Service, catalogue
from fournines.state import Vault

LAB = Path(__file__).parents[3] / "clouds/lab.yaml"


class Store(Service):
    """A made-up service whose files a test chooses."""

    name = "store"
    strategies = (QUORUM,)
    packages = ("store-server",)
    masked = ("store.service",)
    content = "one\n"

    def resources(self, cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
        yield File(path="/etc/shared.conf", content=self.content)

    def health(self, cloud: Cloud, host: Host) -> Check | None:
        return Tcp(awaits="the store to accept connections", address="127.0.0.1", port=9, timeout=1)

    def facts(self, cloud: Cloud, host: Host) -> Command:
        return Command(awaits="", argv=("echo", json.dumps({"host": host.name, "size": 3})))

    def rolling_order(self, placement: Placement) -> tuple[Host, ...]:
        return placement.hosts[::-1]


class Other(Store):
    name = "other"
    packages = ("other-server",)
    masked = ()
    content = "two\n"

    def health(self, cloud: Cloud, host: Host) -> Check | None:
        return None

    def facts(self, cloud: Cloud, host: Host) -> Command:
        return Command(awaits="", argv=("sh", "-c", "echo Traceback; exit 1"))


@pytest.fixture(scope="module")
def lab() -> Cloud:
    return load(LAB, catalogue())


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault")


def small(lab: Cloud, monkeypatch: pytest.MonkeyPatch, *offered: Service, **needs: tuple[Needs, ...]) -> Cloud:
    """The lab's hosts with only these services."""
    offers: Mapping[str, Service] = MappingProxyType({service.name: service for service in offered})
    for module in (deploy, firewall, inspect_module):
        monkeypatch.setattr(module, "catalogue", lambda: offers)
    placed = {
        name: Placement(name, QUORUM, lab.hosts, needs.get(name, ()), endpoints=(), options={}) for name in offers
    }
    return replace(lab, services=placed)


def test_the_labs_stages(lab: Cloud, vault: Vault) -> None:
    stages = deploy.stages(lab, vault)
    names = [stage.name for stage in stages]
    assert names[0] == "base"
    assert set(names[1:]) == set(lab.services)
    for position, stage in enumerate(stages):
        assert set(stage.after) <= set(names[:position]), f"{stage.name} comes before what it needs"
        assert {part.host for part in stage.parts} <= {host.name for host in lab.hosts}
    assert all("base" in stage.after for stage in stages[1:])
    assert json.dumps([part.resources[0].as_data() for stage in stages for part in stage.parts])
    wanted = {r.name for s in stages for p in s.parts for r in p.resources if isinstance(r, Package)}
    assert deploy.packages(lab) == tuple(sorted(wanted))
    masks = {r.name for s in stages for p in s.parts for r in p.resources if isinstance(r, Unit) and r.masked}
    assert set(deploy.masked(lab)) <= masks


def test_a_part_has_packages_masks_own_resources_and_health(
    lab: Cloud, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs = (Needs("other"), Needs("cache", soft=True))
    cloud = small(lab, monkeypatch, Other(), Store(), store=needs)
    monkeypatch.setattr(Other, "content", "one\n")
    _, _, store = deploy.stages(cloud, vault)
    assert store.after == ("base", "other")
    assert [part.host for part in store.parts] == [host.name for host in lab.hosts[::-1]]
    assert store.parts[0] == HostPart(
        host=lab.hosts[-1].name,
        resources=(
            Package(name="store-server"),
            Unit(name="store.service", masked=True, enabled=None, running=None),
            File(path="/etc/shared.conf", content="one\n"),
        ),
        health=Tcp(awaits="the store to accept connections", address="127.0.0.1", port=9, timeout=1),
    )


def test_two_services_that_want_different_things_of_one_path(
    lab: Cloud, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = small(lab, monkeypatch, Store(), Other())
    first = lab.hosts[-1].name
    with pytest.raises(NinesError) as caught:
        deploy.stages(cloud, vault)
    assert str(caught.value) == (
        f"{first}: store and other declare the path /etc/shared.conf twice, with different content"
    )
    monkeypatch.setattr(Other, "content", "one\n")
    assert len(deploy.stages(cloud, vault)) == 3


def test_a_service_that_nobody_offers(lab: Cloud, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = small(lab, monkeypatch, Store())
    cloud = replace(cloud, services={"stroe": replace(cloud.services["store"], name="stroe")})
    with pytest.raises(NinesError, match="there is no service stroe") as caught:
        deploy.stages(cloud, vault)
    assert caught.value.remedy == "there are: store"


def test_the_base_stage(lab: Cloud, vault: Vault, host: LocalHost, monkeypatch: pytest.MonkeyPatch) -> None:
    stage: Stage = base.stage(lab, vault)
    text = base.hosts_file(lab)
    assert [line.split() for line in text.splitlines()[3:]] == [[h.management, h.name] for h in lab.hosts]
    assert len(stage.steps) == 2 * len(lab.hosts)
    rules = [r.content for p in stage.parts for r in p.resources if isinstance(r, File) and r.path.endswith(".nft")]
    assert len(set(rules)) == len(lab.hosts), "each host has rules of its own"
    # Its check compares with what the bundle holds, whatever else is in it.
    bundle = host.path("/bundle")
    done = stage.steps[0].done
    assert isinstance(done, Command)
    argv = tuple(word.replace("/etc/ssl/certs/ca-certificates.crt", str(bundle)) for word in done.argv)
    check = replace(done, argv=argv).as_data()
    bundle.write_text("another\n")
    assert not host.ask("wait", check=check, bound=0)["ok"]
    bundle.write_text("another\n" + vault.ca() + "one more\n")
    assert host.ask("wait", check=check, bound=0)["ok"]


def test_inspect_tells_health_facts_and_who_does_not_answer(
    lab: Cloud, monkeypatch: pytest.MonkeyPatch, make_host: Callable[[str], LocalHost]
) -> None:
    cloud = small(lab, monkeypatch, Store(), Other())
    fleet = {host.name: make_host(host.name) for host in lab.hosts}
    there = lab.hosts[1].name
    del fleet[lab.hosts[2].name]
    views = inspect(cloud, fleet)
    assert set(views) == {host.name for host in lab.hosts}
    assert not views[lab.hosts[2].name].reachable
    assert views[lab.hosts[2].name].why == "no such host in this cloud"
    view = views[there]
    assert view.reachable
    assert not view.healthy
    store, other = view.services["store"], view.services["other"]
    assert store.health is not None
    assert "refused" in store.health.seen
    assert store.facts == {"host": there, "size": 3}
    assert other.health is None
    assert other.facts is None
    assert other.problem == "no facts: Traceback"


def test_inspect_is_bounded_for_a_host_that_hangs(
    lab: Cloud, monkeypatch: pytest.MonkeyPatch, make_host: Callable[[str], LocalHost]
) -> None:
    class Hung(LocalHost):
        def argv(self, command: object) -> list[str]:
            return ["sleep", "60"]

    monkeypatch.setattr(inspect_module, "BOUND", 0.5)
    cloud = small(lab, monkeypatch, Store())
    fleet = {host.name: Hung(host.name, NOWHERE, NOWHERE) for host in lab.hosts}
    for view in inspect(cloud, fleet).values():
        assert (view.reachable, view.why) == (False, "no answer within 0.5 s")
