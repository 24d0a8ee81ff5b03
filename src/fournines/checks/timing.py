"""Timers: what they allow a failover to take against its budget, against clients' patience, and against each other.

Bounds are the ones that drills are held to (`fournines.prove.bounds`), of a request that takes no time itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from fournines.checks import Check, Code, Design, Finding
from fournines.checks._figures import number
from fournines.checks._words import listed
from fournines.cloud.columns import Column, Letter
from fournines.cloud.timers import Timers
from fournines.prove.budgets import CLASSES, budget
from fournines.services.neutron_dhcp import alone

_ROUNDING = 1e-9
_FIX = "Timers follow provider.kind, as far as the cloud file does not set them under `timers`. "

BUDGET = Code(
    "TIME-BUDGET",
    "warning",
    "a failover may take longer than its budget",
    "From the configured timers follows how long clients may be without an answer after each class of fault: detection "
    "and takeover, added up. Drills are held to that bound; the budgets are what `nines drill` allows a class to "
    "cost. 99.99 % is 52.6 minutes a year: fifty failovers of a minute. On real hosts most of a controller's bound is "
    "the BMC, which has to confirm that the power is off.",
    f"{_FIX}Shorten the one that is named where your hardware allows it (what is only measured, such as `fence`, is "
    "yours to measure and to say there), or accept the finding (accept) and plan with the bound.",
)
CLIENT = Code(
    "TIME-CLIENT",
    "warning",
    "a client gives up before the failover is over",
    "Where a request only has to wait until a failover is over, a client with less patience than that turns a delay "
    "into an error: commits wait while Galera agrees on who is left, disks while Ceph does, calls between daemons "
    "while queues get new leaders.",
    f"{_FIX}Give the client the longer time.",
)
ORDER = Code(
    "TIME-ORDER",
    "error",
    "timers contradict each other",
    "Some timers only make sense in one order: a member must be suspected before it is given up, a neighbour must be "
    "silent for longer than the time between two words, a membership must be agreed on for longer than a token may be "
    "lost. In the wrong order healthy members are thrown out, or daemons refuse to start.",
    f"{_FIX}Put the two into the order that is named.",
)

_APIS: tuple[Column, ...] = ("token", "read", "write", "image", "s3", "ui")
_CREATED: tuple[Column, ...] = ("create", "attach")
_OFFERED: Mapping[Column, str] = {"image": "glance", "s3": "radosgw", "ui": "horizon"}
"""By which service."""


@dataclass(frozen=True, slots=True)
class _Bound:
    letter: Letter
    columns: tuple[Column, ...]
    seconds: Callable[[Timers], float]
    what: str
    """What then has to happen."""


class TimingCheck(Check):
    name = "timing"
    codes = (BUDGET, CLIENT, ORDER)

    def check(self, design: Design) -> Iterable[Finding]:
        yield from _budgets(design)
        yield from _clients(design)
        yield from _order(design)


# --- budgets ---


def _bounds(design: Design) -> Iterable[_Bound]:
    """Classes whose bound follows from timers, as far as this cloud can suffer them."""
    costs = _failovers(design)
    apis: tuple[Column, ...] = tuple(
        column for column in _APIS if _OFFERED.get(column, "keystone") in design.cloud.services
    )
    yield _Bound("A", apis, lambda timers: timers.connect, "the request goes to another server")
    if writer := costs.get("galera"):
        takes = "the database runs on another host" if _moved(design, "galera") else "another database member writes"
        yield _Bound("C", (*apis, *_CREATED), _and_connect(writer), takes)
        if not _moved(design, "galera"):
            hung = "another database member writes, when the writer hangs"
            yield _Bound("C", (*apis, *_CREATED), _and_connect(Timers.database_hung), hung)
    if vip := costs.get("haproxy"):
        lost = [vip, *([writer] if writer else [])]
        moved = " with the database" if _moved(design, "galera") else ""
        yield _Bound("D", (*apis, *_CREATED), _and_connect(*lost), f"the host is fenced and the VIP moved{moved}")
        yield _Bound(
            "B", (*apis, *_CREATED), Timers.monitored_failover, "Pacemaker moves the VIP to an HAProxy that answers"
        )
    if len(design.hosts_of("keystone")) > 1:
        frozen = _and_connect(Timers.api_down)
        yield _Bound("B", (*apis, *_CREATED), frozen, "HAProxy gives an API up that takes requests and answers none")
    if bus := costs.get("rabbitmq"):
        takes = "the broker runs on another host" if _moved(design, "rabbitmq") else "queues have leaders elsewhere"
        yield _Bound("E", _CREATED, bus, takes)
    if blocks := costs.get("ceph-osd"):
        yield _Bound("F", (*_CREATED, "volume-io", "image"), blocks, "Ceph agrees that its disks are down")
        if "radosgw" in design.cloud.services:
            yield _Bound("F", ("s3",), _and_connect(blocks), "Ceph agrees that its disks are down")
        disk = _and_connect(Timers.osd_failover)
        yield _Bound("O", (*_CREATED, "volume-io", "image"), disk, "its neighbours report the OSD")
    if guests := costs.get("compute-agent"):
        columns: tuple[Column, ...] = ("attach", "volume-io", "fip", "dhcp")
        yield _Bound("H", columns, guests, "the host is fenced and its guests run on another one")
        yield _Bound("H", ("create",), Timers.compute_left_out, "Nova gives the host no more guests")
    if router := costs.get("neutron-l3"):
        for letter in ("G", "S"):
            yield _Bound(letter, ("fip",), router, "VRRP makes another host active")
    if alone(design.cloud):
        yield _Bound("G", ("dhcp",), Timers.network_reassigned, "another DHCP agent is given its networks")


def _moved(design: Design, service: str) -> bool:
    """Pacemaker runs one of it, and moves it."""
    return design.cloud.services[service].strategy.supervisor == "pacemaker"


def _failovers(design: Design) -> Mapping[str, Callable[[Timers], float]]:
    """Service -> what the loss of a member costs, by its strategy here."""
    return {
        name: getattr(Timers, placement.failover.timer)
        for name, placement in design.cloud.services.items()
        if placement.failover and len(placement.hosts) > 1
    }


def _and_connect(*costs: Callable[[Timers], float]) -> Callable[[Timers], float]:
    """All at the same time, and one try at a server that is not yet marked down."""
    return lambda timers: max(cost(timers) for cost in costs) + timers.connect


def _budgets(design: Design) -> Iterable[Finding]:
    over: dict[Letter, list[tuple[_Bound, float, list[Column]]]] = {}
    for bound in _bounds(design):
        seconds = bound.seconds(design.timers)
        late: list[Column] = [
            column
            for column in bound.columns
            if (allowed := budget({bound.letter}, (column,))) is not None and seconds > allowed + _ROUNDING
        ]
        if late:
            over.setdefault(bound.letter, []).append((bound, seconds, late))
    for letter, found in over.items():
        told: list[str] = []
        for bound, seconds, late in found:
            budgets: dict[float, list[Column]] = {}
            for column in late:
                budgets.setdefault(budget({letter}, (column,)) or 0, []).append(column)
            of = ", ".join(f"{number(most)} s ({', '.join(columns)})" for most, columns in budgets.items())
            told.append(f"{number(seconds)} s until {bound.what}, where the budget is {of}")
        worst = max(found, key=lambda each: each[1])[0]
        shares = _shares(worst.seconds, design.timers)
        most = listed(f"{name} (by up to {number(share)} s)" for name, share in shares[:3])
        yield BUDGET.found(
            f"class {letter}",
            f"{CLASSES[letter]}: clients may wait for {'; '.join(told)}. What shortens it: {most}",
            _loc(design, shares[0][0]),
            fix=f"{_shorter(shares[0][0])}; or plan with the bound, and accept the finding",
        )


def _shorter(name: str) -> str:
    if not Timers.configures(name):
        return f"measure it on your hardware, and say under timers.{name} what you found"
    return f"set timers.{name} shorter, if your hardware and your load allow it"


def _loc(design: Design, name: str) -> tuple[str, ...]:
    """Where the operator sets it, or would; else what chooses it."""
    return ("timers", name) if design.cloud.own_timers else ("provider", "kind")


def _shares(seconds: Callable[[Timers], float], timers: Timers) -> list[tuple[str, float]]:
    """Timer -> what the bound would be shorter by without it, the most first."""
    whole = seconds(timers)
    found = [(name, whole - seconds(timers.model_copy(update={name: 0}))) for name in Timers.model_fields]
    return sorted(((name, share) for name, share in found if share > _ROUNDING), key=lambda each: -each[1])


# --- clients ---


def _clients(design: Design) -> Iterable[Finding]:
    timers, costs = design.timers, _failovers(design)
    commit = timers.evs_suspect + timers.evs_install
    if "galera" in costs and timers.database_read < commit:
        yield _impatient(
            design,
            "database_read",
            f"commits wait for {number(commit)} s (evs_suspect + evs_install) when any member is lost",
            "they fail though the writer is well",
        )
    if "galera" in costs and timers.database_read <= timers.connect:
        yield _impatient(
            design,
            "database_read",
            f"the host's own proxy tries a dead member for {number(timers.connect)} s (connect)",
            "queries fail though the next member would answer",
        )
    if bus := costs.get("rabbitmq"):
        yield from _on_the_bus(design, bus(timers))
    if blocks := costs.get("ceph-osd"):
        yield from _uploads(design, blocks(timers))


def _on_the_bus(design: Design, away: float) -> Iterable[Finding]:
    """What passes a broker is late by its failover when one is lost."""
    timers = design.timers
    why = "(fence, disk_takeover)" if _moved(design, "rabbitmq") else "(rabbit_ticktime)"
    if away > timers.rpc_response:
        yield _impatient(
            design,
            "rpc_response",
            f"the broker is away for {number(away)} s {why} when its host is lost"
            if _moved(design, "rabbitmq")
            else f"queues have no leader for {number(away)} s {why} when a broker is lost",
            "creating and attaching fails that would only have been late",
        )
    for name, report, service, whom in (
        ("service_down", timers.service_report, "nova", "Nova's and Cinder's daemons, compute hosts among them"),
        ("agent_down", timers.agent_report, "neutron", "Neutron's agents"),
    ):
        late = away + report
        if service in design.cloud.services and late > getattr(timers, name) + _ROUNDING:
            yield _impatient(
                design,
                name,
                f"when a broker is lost the word of daemons that are well comes after up to {number(late)} s {why}",
                f"{whom} look dead, and nothing new is given to them",
            )


def _uploads(design: Design, blocks: float) -> Iterable[Finding]:
    """APIs that write to Ceph themselves; who hands work on by the bus has answered before."""
    short: dict[float, list[str]] = {}
    for placement in design.cloud.services.values():
        needed = {need.target for need in placement.needs if not need.soft}
        for endpoint in placement.endpoints:
            direct = "ceph-osd" in needed and "rabbitmq" not in needed
            if direct and endpoint.idle_s < blocks:
                short.setdefault(endpoint.idle_s, []).append(endpoint.name)
    for idle, names in short.items():
        yield CLIENT.found(
            f"HAProxy before {listed(names)}",
            f"it gives up after {number(idle)} s, and disks wait for up to {number(blocks)} s when a storage host is "
            "lost: uploads end as 504",
            _loc(design, "osd_heartbeat_grace"),
            fix="set timers.osd_heartbeat_grace shorter",
        )


def _impatient(design: Design, name: str, what: str, then: str) -> Finding:
    seconds = getattr(design.timers, name)
    return CLIENT.found(
        name,
        f"it gives up after {number(seconds)} s, and {what}: {then}",
        _loc(design, name),
        fix=f"set timers.{name} longer",
    )


# --- order ---


@dataclass(frozen=True, slots=True)
class _Rule:
    late: str
    """The timer that must be longer."""
    early: str
    factor: float
    """Longer than, or at least, this times the early one."""
    least: bool
    """At least is enough."""
    then: str


_RULES = (
    _Rule(
        "corosync_consensus", "corosync_token", 1.2, True, "members give up agreeing before all have noticed the loss"
    ),
    _Rule(
        "fence_timeout", "fence", 1, False, "fencing is given up before the BMC confirms it, and nothing is taken over"
    ),
    _Rule("evs_inactive", "evs_suspect", 1, False, "Galera throws a member out before the others agree on it"),
    _Rule("osd_heartbeat_grace", "osd_heartbeat_interval", 1, False, "OSDs that are well are reported as down"),
    _Rule("etcd_election", "etcd_heartbeat", 5, True, "etcd does not start"),
    _Rule("agent_down", "agent_report", 2, True, "agents that are well are taken for dead when one word is lost"),
    _Rule("service_down", "service_report", 2, True, "daemons that are well are taken for dead when one word is lost"),
    _Rule("database_read", "database_connect", 1, True, "connecting may take longer than any query"),
    _Rule(
        "check_interval", "check_fast_interval", 1, True, "a database member in doubt is asked less often than others"
    ),
    _Rule("api_check_interval", "check_fast_interval", 1, True, "an API in doubt is asked less often than others"),
)


def _order(design: Design) -> Iterable[Finding]:
    timers = design.timers
    for rule in _RULES:
        late, early = float(getattr(timers, rule.late)), float(getattr(timers, rule.early))
        bound = rule.factor * early
        if late > bound + _ROUNDING or (rule.least and late >= bound - _ROUNDING):
            continue
        times = f"{rule.factor:g} x {rule.early} ({early:g} s)" if rule.factor != 1 else f"{rule.early} ({early:g} s)"
        yield ORDER.found(
            rule.late,
            f"{rule.late} ({late:g} s) must be {'at least' if rule.least else 'longer than'} {times}: {rule.then}",
            _loc(design, rule.late),
            fix=f"set timers.{rule.late} longer, or timers.{rule.early} shorter",
        )
