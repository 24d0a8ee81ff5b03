"""Fencing: whether a host that is lost can be shown to be dead, so that others may take over.

Fenced are controllers, by Pacemaker, and compute hosts, before their guests are started elsewhere. Nobody fences a
storage or network host: Ceph's monitors and VRRP decide without. A lab's BMCs are made by nines, on other power and by
another path than any host's, so nothing is found there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address

from fournines.checks import Check, Code, Design, Finding
from fournines.checks._parts import KEYS, Part, hanging_on, missed
from fournines.checks._words import listed, verb
from fournines.cloud.model import Bmc, Cloud, Host

_SOURCE = "Pacemaker Explained, chapter Fencing"

NONE = Code(
    "FENCE-NONE",
    "error",
    "a controller that nobody can fence",
    "A host that went silent may still be alive, holding the VIP or writing. So Pacemaker starts nothing elsewhere "
    "before the host's power is confirmed to be off, and without a BMC waits until a human confirms it: half an hour "
    "of night by the figures of `nines predict`, of 53 minutes that 99.99 % allows a year. Where no host has a fence "
    "device at all, Pacemaker starts no resource, so the VIP never comes up.",
    "A `bmc` for each controller: address, system, username, password_file.",
)
COMPUTE = Code(
    "FENCE-COMPUTE",
    "warning",
    "compute hosts that nobody can fence",
    "A guest may be started elsewhere only when its old host is certainly dead: else two of it write to one disk, "
    "which destroys the file system. Without fencing nothing can be certain, so the guests of a silent host stay down "
    "until a human has looked. A host fails four times a year (Dantas 2012: hardware 8760 h, system 2893 h); with 100 "
    "hosts that is once a day.",
    "A `bmc` for each compute host: address, system, username, password_file.",
)
FEED = Code(
    "FENCE-FEED",
    "error",
    "a BMC dies with its host's only power",
    "When the one feed fails, host and BMC go dark together. A host without power looks just like one without network, "
    f"so nobody can confirm that it is dead, and what it did is started nowhere else. {_SOURCE}: at least one fence "
    "device of a host must not share its power. It is the most usual hole in fencing by IPMI or Redfish, for a BMC "
    "draws its power from its host's.",
    "A second feed for the host (`feeds` of the host or its rack), or a BMC on another one (`bmc.feeds`).",
)
PATH = Code(
    "FENCE-PATH",
    "error",
    "a BMC is reached through what it must fence",
    "Fencing is asked for when a host is not reachable. If the BMC is reached by the very same way, it is asked in "
    f"vain exactly then, and nothing fails over until the way is back. {_SOURCE}: fence devices must rely neither on "
    "their target nor on the cluster's own network. A top-of-rack switch fails in 5 % of all years (Gill et al. 2011).",
    "An address of the BMC's own, and a switch that its host does not hang on (`bmc.switches`).",
)
SHARED = Code(
    "FENCE-SHARED",
    "note",
    "BMCs hang on one switch or feed",
    "An out-of-band network of one switch is usual, and its loss alone stops nothing. But while it lasts no host can "
    "be fenced, so the next host that dies is not failed over. Two failures at a time are rare as long as somebody "
    "sees the first: a switch is down an hour a year in twenty (Gill et al., 2011).",
    "Watch it, and repair it as if the cloud were down; or a second out-of-band switch for some of the BMCs.",
)


class Fencing(Check):
    name = "fencing"
    codes = (NONE, COMPUTE, FEED, PATH, SHARED)

    def check(self, design: Design) -> Iterable[Finding]:
        if design.cloud.provider == "lab":
            return
        controllers = _controllers(design)
        chosen = {host.name for host in controllers}
        computes = [host for host in design.cloud.having("compute") if host.name not in chosen]
        yield from _unfenced(design, controllers)
        yield from _unfenced_computes(computes)
        yield from _same_power(design, controllers, computes)
        yield from _same_address(design.cloud)
        yield from _same_switch(design, controllers, computes)
        yield from _shared(controllers, computes)


def _controllers(design: Design) -> Sequence[Host]:
    """Those whose work another one takes over. One alone has nobody to fence it."""
    hosts = design.hosts_of("pacemaker")
    return hosts if len(hosts) > 1 else ()


def _unfenced(design: Design, controllers: Sequence[Host]) -> Iterable[Finding]:
    lacking = [host for host in controllers if host.bmc is None]
    if not lacking:
        return
    names = _names(lacking)
    if len(lacking) == len(controllers):
        follows = "Pacemaker starts nothing without any fence device: the VIP never comes up"
    else:
        follows = (
            f"when {verb(lacking, 'it', 'one of them')} is lost nobody can confirm that it is dead, and what it ran "
            "stays down until a human does"
        )
    yield NONE.found(
        names,
        f"{names} {verb(lacking, 'has', 'have')} no bmc: {follows}. {_clients(design)}",
        ("hosts", lacking[0].name, "bmc"),
        fix=_give_bmc(lacking),
    )


def _unfenced_computes(computes: Sequence[Host]) -> Iterable[Finding]:
    lacking = [host for host in computes if host.bmc is None]
    if lacking:
        yield COMPUTE.found(
            _names(lacking),
            f"{_names(lacking)} {verb(lacking, 'has', 'have')} no bmc: when such a host goes silent its guests cannot "
            "be started elsewhere without the risk of two that write to one disk, so they stay down until a human "
            "has looked.",
            ("hosts", lacking[0].name, "bmc"),
            fix=_give_bmc(lacking),
        )


def _give_bmc(hosts: Sequence[Host]) -> str:
    each = verb(hosts, "it", "each of them")
    return f"give {each} a `bmc`, such as hosts.{hosts[0].name}.bmc: address, system, username, password_file"


def _same_power(design: Design, controllers: Sequence[Host], computes: Sequence[Host]) -> Iterable[Finding]:
    for control, hosts in ((True, controllers), (False, computes)):
        for part, struck in _dying_together(hosts, "feed").items():
            one = struck[0].name
            yield FEED.found(
                f"{_names(struck)} on {part}",
                f"{_names(struck)} {verb(struck, 'and its BMC have', 'and their BMCs have')} no other power than "
                f"{part}: when it fails {verb(struck, 'the host', 'they')} cannot be confirmed dead, and "
                + (f"nothing fails over. {_clients(design)}" if control else "guests cannot be started elsewhere."),
                ("hosts", one, "bmc", "feeds"),
                fix=f"give hosts.{one}.feeds a second feed, or say in hosts.{one}.bmc.feeds another one that feeds it",
                severity="error" if control else "warning",
            )


def _same_address(cloud: Cloud) -> Iterable[Finding]:
    """BMCs at an address that a host of the cloud has."""
    owners: dict[str, str] = {cloud.vip: "the vip"}
    for host in cloud.hosts:
        owners[host.name] = host.name
        owners |= {str(address): host.name for address in host.addresses.values()}
        if host.ssh is not None:
            owners.setdefault(host.ssh.address, host.name)
    wrong = [(host, host.bmc) for host in cloud.hosts if host.bmc is not None and host.bmc.address in owners]
    if not wrong:
        return
    told = [f"{host.name}'s at {bmc.address}, which is {_owner(host, owners[bmc.address])}" for host, bmc in wrong]
    one = wrong[0][0].name
    yield PATH.found(
        f"BMC of {_names([host for host, _ in wrong])}",
        f"BMCs must outlive hosts, and {verb(wrong, 'this one is', 'these are')} a host's own address: "
        f"{'; '.join(told[:3])}{f'; and {len(told) - 3} more' if len(told) > 3 else ''}. "
        "When that host is down nobody answers there, the fence fails, and nothing fails over.",
        ("hosts", one, "bmc", "address"),
        fix=f"say in hosts.{one}.bmc.address the BMC's own address, best in a network that no host is on",
    )


def _owner(host: Host, owner: str) -> str:
    return "its host's own" if owner == host.name else owner if owner == "the vip" else f"{owner}'s"


def _same_switch(design: Design, controllers: Sequence[Host], computes: Sequence[Host]) -> Iterable[Finding]:
    for control, hosts in ((True, controllers), (False, computes)):
        for part, struck in _dying_together(hosts, "switch").items():
            inside = sorted({name for host in struck if (name := _network(design.cloud, host)) is not None})
            one = struck[0].name
            yield PATH.found(
                f"{_names(struck)} on {part}",
                f"{_names(struck)} {verb(struck, 'and its BMC are', 'and their BMCs are')} reached through {part} only"
                + (f", the BMC by the cloud's own {listed(inside)} network" if inside else "")
                + f": when it fails {verb(struck, 'the host', 'they')} cannot be confirmed dead, and "
                + (f"nothing fails over. {_clients(design)}" if control else "guests cannot be started elsewhere."),
                ("hosts", one, "bmc", "switches"),
                fix=f"say in hosts.{one}.bmc.switches the out-of-band switch that it is reached by, or give "
                f"hosts.{one}.switches a second one",
                severity="warning",
            )


def _shared(controllers: Sequence[Host], computes: Sequence[Host]) -> Iterable[Finding]:
    """One switch or feed under every BMC, or under those of several controllers, while the hosts themselves would
    outlive it."""
    fenced = [(host, host.bmc) for host in (*controllers, *computes) if host.bmc is not None]
    behind: dict[Part, list[Host]] = {}
    for host, bmc in fenced:
        for part in _only(host, bmc):
            behind.setdefault(part, []).append(host)
    for part, hosts in sorted(behind.items()):
        every = len(hosts) == len(fenced)
        several = len(hosts) > 1 and (every or len([host for host in hosts if host in controllers]) > 1)
        if not several or any(part in hanging_on(host) for host in hosts):
            continue
        yield SHARED.found(
            str(part),
            f"the BMCs of {_names(hosts)} all hang on {part}. Its loss stops nothing by itself, but until it is back "
            f"{'no host' if every else 'none of these'} can be fenced: the next one that dies is not failed over.",
            ("hosts", hosts[0].name, "bmc", KEYS[part.kind]),
            fix=f"watch {part} and repair it at once; or put some BMCs on another one (bmc.{KEYS[part.kind]})",
        )


def _dying_together(hosts: Iterable[Host], kind: str) -> Mapping[Part, list[Host]]:
    """Feed or switch -> hosts that hang on it alone, with their BMC."""
    found: dict[Part, list[Host]] = {}
    for host in hosts:
        if host.bmc is None:
            continue
        for part in {*hanging_on(host)}.intersection(_only(host, host.bmc)):
            if part.kind == kind:
                found.setdefault(part, []).append(host)
    return found


def _only(host: Host, bmc: Bmc) -> Iterable[Part]:
    """What the BMC cannot be without: its only feed, its only switch."""
    feeds = host.feeds if bmc.feeds is None else bmc.feeds
    switches = host.switches if bmc.switches is None else bmc.switches
    if len(feeds) == 1:
        yield Part("feed", feeds[0])
    if len(switches) == 1:
        yield Part("switch", switches[0])


def _network(cloud: Cloud, host: Host) -> str | None:
    """The cloud's network in which the host's BMC has its address; None: in none, or it is a name."""
    try:
        address = IPv4Address(host.bmc.address) if host.bmc else None
    except ValueError:
        return None
    return next((name for name, each in cloud.networks.items() if address is not None and address in each.cidr), None)


def _clients(design: Design) -> str:
    """What clients wait for when Pacemaker moves nothing."""
    moved = [
        name
        for name, placement in design.cloud.services.items()
        if placement.strategy.supervisor == "pacemaker" and placement.hosts
    ]
    return f"Without {listed(moved)} clients go without {listed(missed(design.cloud, moved))}."


def _names(hosts: Iterable[Host]) -> str:
    return listed(host.name for host in hosts)
