"""Spec + services on offer -> Cloud."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest
from pydantic import BaseModel, ConfigDict

from fournines.cloud import Offer, json_schema_of, load, resolve
from fournines.cloud.model import Cloud, Disk, Endpoint, Failover, Host, Needs, Role, Ssh, Strategy
from fournines.cloud.offers import Complaint
from fournines.cloud.strategies import ACTIVE_ACTIVE, ACTIVE_BACKUP, EXTERNAL, QUORUM
from fournines.errors import SpecError
from fournines.services import catalogue
from fournines.spec import load_spec

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests/golden/cloud-lab.json"


class NoOptions(BaseModel):
    model_config = ConfigDict(extra="forbid")


class StoreOptions(NoOptions):
    megabytes: int = 64
    mode: str | None = None


def offers(*found: type[Offer]) -> Mapping[str, Offer]:
    return {offer.name: offer() for offer in found}


class Store:
    name: ClassVar[str] = "store"
    roles: ClassVar[tuple[Role, ...]] = ("control",)
    strategies: ClassVar[tuple[Strategy, ...]] = (QUORUM, ACTIVE_BACKUP, EXTERNAL)
    designs: ClassVar[tuple[Strategy, ...]] = ()
    needs: ClassVar[tuple[Needs, ...]] = ()
    failover: ClassVar[Failover | None] = None
    endpoints: ClassVar[tuple[Endpoint, ...]] = ()
    by_default: ClassVar[bool] = True
    at_most: ClassVar[int | None] = None
    options: ClassVar[type[Any]] = StoreOptions

    def placed(self, hosts: tuple[Host, ...]) -> tuple[Host, ...]:
        return tuple(host for host in hosts if host.roles & {*self.roles})

    def complaints(self, cloud: Cloud) -> Iterable[Complaint]:
        return ()


class Api(Store):
    name: ClassVar[str] = "api"
    strategies: ClassVar[tuple[Strategy, ...]] = (ACTIVE_ACTIVE,)
    needs: ClassVar[tuple[Needs, ...]] = (Needs("store", "majority"), Needs("cache", soft=True))
    endpoints: ClassVar[tuple[Endpoint, ...]] = (Endpoint("api", 5000, "/v3", "identity"),)
    options: ClassVar[type[Any]] = NoOptions


class Cache(Store):
    """Needs the API hard and is needed softly by it: no circle."""

    name: ClassVar[str] = "cache"
    needs: ClassVar[tuple[Needs, ...]] = (Needs("api"),)


class Worker(Store):
    name: ClassVar[str] = "worker"
    roles: ClassVar[tuple[Role, ...]] = ("compute",)
    needs: ClassVar[tuple[Needs, ...]] = (Needs("api"),)


class Boss(Store):
    name: ClassVar[str] = "boss"
    needs: ClassVar[tuple[Needs, ...]] = (Needs("worker"),)


FOUR = offers(Worker, Cache, Api, Store)

LAB = """\
name: lab
feeds: [a, b]
switches: [s1]
racks:
  r1: {feeds: [a, b], switches: [s1], zone: east}
networks:
  management: {cidr: 10.71.0.0/24, vip: 10.71.0.10}
hosts:
  c[1-3]: {roles: [control], rack: r1, networks: {management: "10.71.0.[11-13]"}}
  w1: {roles: [compute], rack: r1, feeds: [a], switches: [], networks: {management: 10.71.0.21}}
  w2: {roles: [compute], networks: {management: 10.71.0.22}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "cloud.yaml"
    path.write_text(LAB)
    return path


def complaints(file: Path, text: str, found: Mapping[str, Offer] = FOUR) -> list[str]:
    file.write_text(text)
    with pytest.raises(SpecError) as caught:
        load(file, found)
    return caught.value.message.replace(f"{file}:", "").splitlines()


def test_order_follows_hard_needs_only(file: Path) -> None:
    for found in (FOUR, {name: FOUR[name] for name in reversed(list(FOUR))}):
        assert list(load(file, found).services) == ["store", "api", "cache", "worker"]


def test_placement(file: Path) -> None:
    cloud = load(file, FOUR)
    assert [daemon.id for daemon in cloud.services["api"].daemons] == ["api@c1", "api@c2", "api@c3"]
    assert [host.name for host in cloud.services["worker"].hosts] == ["w1", "w2"]
    assert cloud.services["store"].strategy is QUORUM
    assert cloud.services["store"].options == {"megabytes": 64, "mode": None}
    assert cloud.url("api") == "https://10.71.0.10:5000/v3"
    assert cloud.sla == 0.9999


def test_failure_domains(file: Path) -> None:
    cloud = load(file, FOUR)
    found = {host.name: (host.rack, host.zone, host.feeds, host.switches) for host in cloud.hosts}
    assert found["c2"] == ("r1", "east", ("a", "b"), ("s1",))
    assert found["w1"] == ("r1", "east", ("a",), ())
    assert found["w2"] == (None, "nova", (), ())


def test_choices(file: Path) -> None:
    file.write_text(LAB + "services:\n  store: {strategy: active-backup, megabytes: 7, mode: off}\n  api:\n")
    store = load(file, FOUR).services["store"]
    assert store.strategy is ACTIVE_BACKUP
    assert store.options == {"megabytes": 7, "mode": "off"}


def test_external_runs_nowhere_here(file: Path) -> None:
    file.write_text(LAB + "services: {store: {strategy: external}}\n")
    cloud = load(file, FOUR)
    assert cloud.services["store"].hosts == ()
    assert list(cloud.services) == ["store", "api", "cache", "worker"]


def test_service_without_hosts_is_left_out(file: Path) -> None:
    file.write_text(LAB.replace("compute", "network"))
    assert "worker" not in load(file, FOUR).services


ROLE = "8:1: no host has the role"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("services: {stor: {}}", ["12:12: services: unknown service 'stor'; did you mean store?"]),
        ("services: {x: {}}", ["12:12: services: unknown service 'x'; there is worker, cache, api, store"]),
        (
            "services: {store: {strategy: quorom}}",
            ["12:30: services.store.strategy: unknown strategy 'quorom'; did you mean quorum?"],
        ),
        (
            "services: {api: {strategy: quorum}}",
            ["12:28: services.api.strategy: quorum does not suit api; there is active-active"],
        ),
        (
            "services: {store: {megabyte: 1}}",
            ["12:20: unknown key 'services.store.megabyte'; did you mean megabytes?"],
        ),
        (
            "services: {store: {megabytes: lots}}",
            ["12:31: services.store.megabytes: must be a whole number, not 'lots'"],
        ),
        (
            "services: {store: {megabytes: [1], strategy: [quorum]}, api: x}",
            [
                "12:31: services.store.megabytes: must be a whole number",
                "12:46: services.store.strategy: must be 'active-active', 'active-backup', 'quorum' or 'external'",
                "12:62: services.api: must be a mapping (`key: value` lines), not 'x'",
            ],
        ),
    ],
)
def test_wrong_choices_have_places(file: Path, text: str, expected: list[str]) -> None:
    assert complaints(file, LAB + text + "\n") == expected


def test_service_errors_come_with_all_others(file: Path) -> None:
    text = LAB.replace("rack: r1, networks", "rack: rx, networks") + "sla: x\nservices: {stor: {}}\n"
    assert [line.split(": ")[0] for line in complaints(file, text)] == ["9:36", "12:6", "13:12"]


def test_roles_that_are_lacking(file: Path) -> None:
    only_workers = LAB.replace("[control]", "[network]")
    assert complaints(file, only_workers) == [f"{ROLE} control, which cache, api, store must run on"]
    no_workers = LAB.replace("[compute]", "[network]")
    assert complaints(file, no_workers, {**FOUR, **offers(Boss)}) == [f"{ROLE} compute, which worker must run on"]
    assert complaints(file, no_workers + "services: {worker: {}}\n") == [f"{ROLE} compute, which worker must run on"]


def test_a_circle_is_told(file: Path) -> None:
    class Circle(Store):
        needs: ClassVar[tuple[Needs, ...]] = (Needs("api"),)

    (line,) = complaints(file, LAB, {**FOUR, **offers(Circle)})
    assert line in (
        "services need each other in a circle: store <- api <- store",
        "services need each other in a circle: api <- store <- api",
    )


def test_a_need_that_nobody_meets_is_told(file: Path) -> None:
    assert complaints(file, LAB, offers(Api)) == ["api needs store, which this cloud does not have"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("services: {stor: {}}", "services: unknown service stor; there is worker, cache, api, store"),
        ("services: {api: {strategy: quorum}}", "quorum does not suit api; there is active-active"),
        ("services: {store: {megabyte: 1}}", "services.store.megabyte: Extra inputs are not permitted"),
    ],
)
def test_resolve_refuses_without_places(file: Path, text: str, message: str) -> None:
    file.write_text(LAB + text + "\n")
    spec = load_spec(file)
    with pytest.raises(SpecError) as caught:
        resolve(spec, FOUR)
    assert caught.value.message == message


def test_metal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/op")
    cloud = load(ROOT / "clouds/metal-example.yaml", catalogue())
    assert (cloud.provider, cloud.fidelity, len(cloud.hosts)) == ("ssh", "metal", 10)
    key = "/home/op/.ssh/id_ed25519"
    assert cloud.host("ctl2").ssh == Ssh("10.20.0.12", 22, "root", key)
    assert cloud.host("cmp04").ssh == Ssh("10.20.0.24", 2222, "deploy", key)
    bmc = cloud.host("cmp03").bmc
    assert bmc
    assert (bmc.address, bmc.port, bmc.password_file) == ("10.20.9.23", 443, "/etc/fournines/bmc-password")
    assert cloud.host("cmp04").feeds == ("feed-a",)


def plain(value: object) -> object:
    """Of what JSON does not have: a set of roles, an address."""
    return sorted(cast("frozenset[str]", value)) if isinstance(value, frozenset) else str(value)


def test_lab_is_golden() -> None:
    """After a change that is meant: NINES_UPDATE_GOLDEN=1, and read its diff."""
    found = json.dumps(asdict(load(ROOT / "clouds/lab.yaml", FOUR)), indent=1, default=plain) + "\n"
    if os.environ.get("NINES_UPDATE_GOLDEN"):
        GOLDEN.write_text(found)
    assert found == GOLDEN.read_text()


def test_lab_with_the_real_services() -> None:
    cloud = load(ROOT / "clouds/lab.yaml", catalogue())
    order = list(cloud.services)
    roles = {role for host in cloud.hosts for role in host.roles}
    assert set(order) == {name for name, each in catalogue().items() if roles & {*each.roles} and each.by_default}
    for name, placement in cloud.services.items():
        having = [host.name for host in cloud.hosts if host.roles & {*catalogue()[name].roles}]
        assert [host.name for host in placement.hosts] == having[: catalogue()[name].at_most]
        for need in placement.needs:
            assert need.soft or order.index(need.target) < order.index(name)


def test_guests_need_a_network_for_tunnels_and_routers_one_outside(file: Path) -> None:
    assert complaints(file, LAB, catalogue()) == [
        "10:3: hosts.w1: the role compute needs an address on the network tunnel",
        "11:3: hosts.w2: the role compute needs an address on the network tunnel",
    ]
    both = LAB.replace("w2: {roles: [compute]", "w2: {roles: [network, compute]")
    assert complaints(file, both, catalogue())[1] == (
        "11:3: hosts.w2: the role network and compute needs an address on the network tunnel and external"
    )


STORAGE = """
  s[1-4]:
    roles: [storage]
    rack: r[1-4]
    networks: {management: "10.71.0.[31-34]"}
    disks: {a: {}, b: {gigabytes: 16, db_gigabytes: 2}}
"""


def with_storage(text: str = STORAGE, services: str = "") -> str:
    racks = "  r[2-4]: {}\n"
    control = LAB[: LAB.index("  w1:")]
    return control.replace("networks:\n", racks + "networks:\n", 1) + text.lstrip("\n") + services


def test_a_labs_disks_are_files(file: Path) -> None:
    file.write_text(with_storage())
    disks = load(file, catalogue()).host("s2").disks
    assert disks[0] == Disk("a", "/srv/disks/a", "s2-a", None, 8 << 30, size=8 << 30)
    assert disks[1] == Disk("b", "/srv/disks/b", "s2-b", "/srv/disks/b.db", 16 << 30, 2 << 30, size=16 << 30)


def test_mons_are_an_odd_number(file: Path) -> None:
    file.write_text(with_storage())
    cloud = load(file, catalogue())
    assert [host.name for host in cloud.services["ceph"].hosts] == ["s1", "s2", "s3"]
    assert [host.name for host in cloud.services["ceph-osd"].hosts] == ["s1", "s2", "s3", "s4"]


def test_few_members_stand_in_many_racks(file: Path) -> None:
    file.write_text(
        with_storage(
            STORAGE.replace("r[1-4]", "r[1-1]").replace("s[1-4]", "s[1-1]").replace("[31-34]", "[31-31]")
            + STORAGE.replace("s[1-4]", "s[2-5]").replace("[31-34]", "[32-35]")
        )
    )
    chosen = load(file, catalogue()).services["ceph-mgr"].hosts
    assert [host.rack for host in chosen] == ["r1", "r2"]


@pytest.mark.parametrize(
    ("services", "message"),
    [
        (
            "{size: 5, min_size: 3}",
            "services.ceph.size: 5 copies in 5 different hosts, and 4 hosts have the role storage",
        ),
        ("{size: 3, min_size: 4}", "min_size 4 is above size 3: no write could ever be taken"),
    ],
)
def test_copies_that_cannot_be(file: Path, services: str, message: str) -> None:
    (line,) = complaints(file, with_storage(services=f"services: {{ceph: {services}}}\n"), catalogue())
    assert message in line


def test_racks_as_failure_domain_need_racks(file: Path) -> None:
    text = with_storage(STORAGE.replace("    rack: r[1-4]\n", ""), "services: {ceph: {failure_domain: rack}}\n")
    told = complaints(file, text, catalogue())
    assert "hosts.s1: needs a rack: copies are spread over racks (services.ceph.failure_domain)" in told[0]


@pytest.mark.parametrize(
    ("disks", "message"),
    [
        ("", "hosts.s1: the role storage needs disks, such as `disks: {a: {}, b: {}}`"),
        ("disks: {a: {gigabytes: 3}}", "greater than or equal to 4"),
        ("disks: {a: {device: /dev/sdb}}", "hosts.s1.disks.a.device: only on real hosts (`provider: {kind: ssh}`)"),
        ("disks: {A: {}}", "a disk's name has lower-case letters, digits and inner hyphens, at most 20"),
    ],
)
def test_disks_that_cannot_be(file: Path, disks: str, message: str) -> None:
    text = with_storage(STORAGE.replace("disks: {a: {}, b: {gigabytes: 16, db_gigabytes: 2}}", disks))
    assert any(message in line for line in complaints(file, text, catalogue()))


def test_schema_has_the_services() -> None:
    services = json_schema_of(FOUR)["properties"]["services"]["properties"]
    assert list(services) == list(FOUR)
    assert services["store"]["properties"]["strategy"]["enum"] == ["quorum", "active-backup", "external"]
    json.dumps(json_schema_of(catalogue()))
