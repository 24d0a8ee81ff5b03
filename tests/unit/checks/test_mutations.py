"""The good design, spoilt in one way at a time: each is found, and what is found was not there before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from io import StringIO
from typing import Any

import pytest
from ruamel.yaml import YAML

from fournines.checks import Finding

Findings = Callable[..., Sequence[Finding]]
Spec = dict[str, Any]
Change = Callable[[Spec], object]
CONTROL, NETWORK = "ctl[1-3]", "net[1-3]"
STORAGE = ("sto[1-2]", "sto[3-4]", "sto[5-6]")
COMPUTE = ("cmp[1-2]", "cmp[3-4]", "cmp[5-6]")


def read(text: str) -> Spec:
    yaml: Any = YAML(typ="safe", pure=True)
    return yaml.load(text)


def written(spec: Spec) -> str:
    stream = StringIO()
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.dump(spec, stream)
    return stream.getvalue()


def put(spec: Spec, *path: str, value: object) -> None:
    """`value` at these keys, made where they are not there."""
    for key in path[:-1]:
        spec = spec.setdefault(key, {})
    spec[path[-1]] = value


def to(*path: str, value: object) -> Change:
    return lambda spec: put(spec, *path, value=value)


def every(*changes: Change) -> Change:
    return lambda spec: [change(spec) for change in changes]


def of_hosts(names: Sequence[str], key: str, value: object) -> Change:
    return every(*(to("hosts", name, key, value=value) for name in names))


def without(spec: Spec, names: Sequence[str], key: str) -> None:
    for name in names:
        del spec["hosts"][name][key]


def controllers(spec: Spec, number: int, racks: str) -> None:
    """So many instead of three."""
    host = spec["hosts"].pop(CONTROL)
    text = written(host).replace("[11-13]", f"[11-{10 + number}]").replace("r[1-3]", racks)
    spec["hosts"] = {f"ctl[1-{number}]": read(text), **spec["hosts"]}


def one_of(spec: Spec, name: str, first: str, one: str) -> None:
    """A range of hosts with its first one only; `first` is the range of their last octets."""
    host = spec["hosts"].pop(name)
    stem = name.partition("[")[0]
    text = written(host).replace(first, one).replace("r[1-3]", "r1")
    spec["hosts"][f"{stem}1"] = read(text)


def one_compute(spec: Spec) -> None:
    for name in COMPUTE[1:]:
        del spec["hosts"][name]
    one_of(spec, COMPUTE[0], "[41-42]", "41")


def no_network(spec: Spec, network: str) -> None:
    del spec["networks"][network]
    for host in spec["hosts"].values():
        host["networks"].pop(network, None)


def no_racks(spec: Spec) -> None:
    del spec["racks"]
    for host in spec["hosts"].values():
        del host["rack"]
    put(spec, "services", "ceph", "failure_domain", value="host")


def one_rack(spec: Spec) -> None:
    for host in spec["hosts"].values():
        host["rack"] = "r1"
    put(spec, "services", "ceph", "failure_domain", value="host")


def one_network_of_controllers(spec: Spec) -> None:
    for name in STORAGE:
        del spec["hosts"][name]
    del spec["services"]["ceph"]
    no_network(spec, "storage")
    del spec["hosts"][CONTROL]["networks"]["tunnel"]


two, four = partial(controllers, number=2, racks="r[1-2]"), partial(controllers, number=4, racks="r1")
RACKS = ("racks", "r[1-3]")
BMC = ("hosts", CONTROL, "bmc")
CEPH = ("services", "ceph")

MUTATIONS: dict[str, tuple[Change, set[str]]] = {
    # Fencing.
    "controllers without a BMC": (partial(without, names=[CONTROL], key="bmc"), {"FENCE-NONE"}),
    "compute hosts without a BMC": (partial(without, names=COMPUTE, key="bmc"), {"FENCE-COMPUTE"}),
    "controllers and their BMCs on one feed": (of_hosts([CONTROL], "feeds", ["a"]), {"FENCE-FEED", "SPOF-FEED"}),
    "a BMC at its host's own address": (to(*BMC, "address", value="10.20.0.[11-13]"), {"FENCE-PATH"}),
    "a BMC behind its host's only switch": (
        every(of_hosts([CONTROL], "switches", ["s1"]), to(*BMC, "switches", value=["s1"])),
        {"FENCE-PATH", "SPOF-SWITCH", "NET-ONE-LINK"},
    ),
    # Majorities.
    "one controller": (partial(one_of, name=CONTROL, first="[11-13]", one="11"), {"QUORUM-ONE", "SPOF-HOST"}),
    "two controllers": (two, {"QUORUM-TWO"}),
    "four controllers": (four, {"QUORUM-EVEN"}),
    "all voters in one rack": (
        of_hosts([CONTROL], "rack", "r1"),
        {"QUORUM-DOMAIN", "SPOF-RACK"},
    ),
    # What fails together.
    "one feed": (to(*RACKS, "feeds", value=["a"]), {"SPOF-FEED", "FENCE-FEED"}),
    "one switch": (to(*RACKS, "switches", value=["s1"]), {"SPOF-SWITCH", "NET-ONE-LINK"}),
    "one rack": (one_rack, {"SPOF-RACK"}),
    "no racks": (no_racks, {"DOMAIN-UNKNOWN"}),
    "zones on one switch": (
        every(
            to("racks", value={}),
            *(
                to("racks", f"r{n}", value={"feeds": ["a", "b"], "switches": ["s1"], "zone": f"z{n}"})
                for n in (1, 2, 3)
            ),
        ),
        {"DOMAIN-ZONE"},
    ),
    "one network host": (partial(one_of, name=NETWORK, first="[21-23]", one="21"), {"SPOF-HOST"}),
    # Networks.
    "a trunk on one link": (of_hosts([NETWORK], "switches", ["s1"]), {"NET-ONE-LINK"}),
    "a tunnel too narrow for IPv6": (to("networks", "tunnel", "mtu", value=1300), {"NET-MTU"}),
    "a tunnel as wide as its guests": (to("networks", "tunnel", "mtu", value=1500), {"NET-MTU"}),
    "storage on the management network": (partial(no_network, network="storage"), {"NET-STORAGE-SHARED"}),
    "few addresses": (
        to("networks", "external", value={"cidr": "203.0.113.16/28", "gateway": "203.0.113.17"}),
        {"NET-EXTERNAL-SMALL"},
    ),
    "one network that controllers share": (one_network_of_controllers, {"NET-ONE-KNET-LINK"}),
    # Copies.
    "a write that one disk has": (to(*CEPH, "min_size", value=1), {"CEPH-MIN-SIZE"}),
    "two copies": (to(*CEPH, "size", value=2), {"CEPH-SIZE"}),
    "two copies, of which both must be there": (
        every(to(*CEPH, "size", value=2), to(*CEPH, "min_size", value=2)),
        {"CEPH-SIZE", "SPOF-RACK"},
    ),
    "three copies, of which all must be there": (to(*CEPH, "min_size", value=3), {"SPOF-RACK", "CEPH-MIN-ALL"}),
    "copies that share a rack": (to(*CEPH, "failure_domain", value="host"), {"CEPH-DOMAIN"}),
    "more data than fit": (to("load", "stored_gigabytes", value=20_000), {"CEPH-CAPACITY"}),
    "one disk instead of two in a rack": (
        of_hosts(STORAGE[:1], "disks", {"d1": {"device": "/dev/sda", "gigabytes": 4000}}),
        {"CEPH-UNEVEN"},
    ),
    "disks of unknown size": (of_hosts(STORAGE, "disks", {"d1": {"device": "/dev/sda"}}), {"CEPH-ROOM-UNKNOWN"}),
    # Room.
    "more guests than fit without a rack": (to("load", "guest_vcpus", value=600), {"CAPACITY-GUESTS"}),
    "one compute host": (one_compute, {"CAPACITY-ONE-COMPUTE", "SPOF-HOST"}),
    "guests that nobody counted": (to("load", "guest_vcpus", value=None), {"CAPACITY-UNKNOWN"}),
    "more requests than two controllers serve": (to("load", "requests_at_once", value=12), {"CAPACITY-API"}),
    # Strategies of 2013.
    "a database on DRBD": (
        every(two, to("services", "galera", "strategy", value="active-backup")),
        {"STRATEGY-DRBD"},
    ),
    "a database on a shared disk": (
        every(two, to("services", "galera", value={"strategy": "active-backup", "disk": "shared"})),
        {"STRATEGY-SHARED-DISK", "SPOF-DISK"},
    ),
    "one volume manager": (to("services", "cinder", value={"strategy": "active-backup"}), {"STRATEGY-BACKUP"}),
    "a tie-breaker where votes were odd": (to("services", "galera", "tie_breaker", value="net1"), {"QUORUM-EVEN"}),
    "a database of somebody else": (to("services", "galera", "strategy", value="external"), {"STRATEGY-EXTERNAL"}),
    "a token that outlives consensus": (to("timers", "corosync_consensus", value=2.5), {"TIME-ORDER"}),
    "fencing given up before it is done": (to("timers", "fence_timeout", value=8), {"TIME-ORDER"}),
    "a grace shorter than a heartbeat": (to("timers", "osd_heartbeat_grace", value=5), {"TIME-ORDER"}),
    "queries given up before a commit": (to("timers", "database_read", value=4), {"TIME-CLIENT"}),
    "calls given up before the bus is back": (to("timers", "rabbit_ticktime", value=60), {"TIME-CLIENT"}),
    "hosts that look dead while a broker is": (to("timers", "service_down", value=20), {"TIME-CLIENT"}),
}


@pytest.fixture(scope="session")
def before() -> dict[str, set[str]]:
    """What is found in the good design: computed by the first test, for all."""
    return {}


@pytest.fixture
def usual(before: dict[str, set[str]], good: str, findings: Findings) -> set[str]:
    if not before:
        found = findings(good)
        assert not [each for each in found if each.severity == "error"]
        before["codes"] = {each.code for each in found}
    return before["codes"]


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_design_spoilt_in_one_way(name: str, good: str, usual: set[str], findings: Findings) -> None:
    change, codes = MUTATIONS[name]
    assert not codes & usual, "the good design has it too"
    spec = read(good)
    change(spec)
    found = {each.code for each in findings(written(spec))}
    assert codes <= found, f"not found: {codes - found}; new: {found - usual}"


def test_rewriting_the_good_design_changes_nothing(good: str, usual: set[str], findings: Findings) -> None:
    assert {each.code for each in findings(written(read(good)))} == usual
