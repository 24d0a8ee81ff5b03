"""Room for guests: whether those of a compute host, or of a rack of them, have somewhere to go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from fournines.checks import Check, Code, Design, Finding
from fournines.checks._figures import number
from fournines.checks._words import listed
from fournines.cloud.model import Host
from fournines.services.nova_compute import NovaComputeOptions

_SERVICE = "nova-compute"

GUESTS = Code(
    "CAPACITY-GUESTS",
    "error",
    "guests do not fit when a part of the compute hosts is lost",
    "Nova places guests by processors times `cpu_allocation_ratio` and by memory less what the host keeps for itself. "
    "When a host or a rack is lost, its guests can be evacuated only to where there is room by that count. What does "
    "not fit stays down until the hardware is back, which takes hours to days. Room for the loss of the largest part "
    "must be kept free; that all fits together is necessary, not enough, for large guests need it on one host.",
    "Add compute hosts, spread them evenly over the racks, or have fewer guests (load.guest_vcpus, "
    "load.guest_memory_gigabytes). A higher cpu_allocation_ratio under services.nova-compute makes room for vCPUs by "
    "making all of them slower.",
)
ONE_COMPUTE = Code(
    "CAPACITY-ONE-COMPUTE",
    "warning",
    "one compute host",
    "Guests of a lost compute host run again elsewhere or not at all. With one host it is not at all: each failure and "
    "each maintenance of it is an outage of every guest. A host's hardware fails about once a year, for 100 minutes to "
    "days (Nguyen 2014).",
    "Give a second host the role compute, in another rack.",
)
UNKNOWN = Code(
    "CAPACITY-UNKNOWN",
    "note",
    "room for evacuation is not known",
    "How many guests there are to be, or what the compute hosts have, is not in the cloud file. So it was not checked "
    "whether guests of a lost host or rack fit on the others.",
    "Give load.guest_vcpus and load.guest_memory_gigabytes, and `cores` and `memory_gigabytes` of compute hosts.",
)


@dataclass(frozen=True, slots=True)
class _Kind:
    """One thing that guests take of a host."""

    key: str
    """Under `load`."""
    of_host: str
    """Key of a host."""
    noun: str
    wanted: int | None
    room: Callable[[Host], float | None]
    """For guests on that host, as Nova counts."""


class CapacityCheck(Check):
    name = "capacity"
    codes = (GUESTS, ONE_COMPUTE, UNKNOWN)

    def check(self, design: Design) -> Iterable[Finding]:
        hosts = design.hosts_of(_SERVICE)
        if not hosts:
            return
        if len(hosts) == 1:
            yield ONE_COMPUTE.found(
                f"host {hosts[0].name}",
                f"{hosts[0].name} is the only compute host: while it is down every guest is, and none can be moved off "
                "it for maintenance",
                ("hosts", hosts[0].name, "roles"),
            )
        kinds = _kinds(design)
        yield from _unknown(kinds, hosts)
        yield from _too_many(kinds, hosts)


def _kinds(design: Design) -> tuple[_Kind, ...]:
    options = NovaComputeOptions.model_validate(design.cloud.services[_SERVICE].options)
    load = design.cloud.load

    def vcpus(host: Host) -> float | None:
        return None if host.cores is None else host.cores * options.cpu_allocation_ratio

    def memory(host: Host) -> float | None:
        if host.memory_gigabytes is None:
            return None
        return max(0.0, host.memory_gigabytes - options.reserved_memory_megabytes / 1024) * options.ram_allocation_ratio

    return (
        _Kind("guest_vcpus", "cores", "vCPUs", load.guest_vcpus, vcpus),
        _Kind("guest_memory_gigabytes", "memory_gigabytes", "GB of memory", load.guest_memory_gigabytes, memory),
    )


def _unknown(kinds: Iterable[_Kind], hosts: Iterable[Host]) -> Iterable[Finding]:
    lacks: list[str] = []
    loc: tuple[str, ...] = ()
    for kind in kinds:
        if kind.wanted is None:
            lacks.append(f"load.{kind.key}")
            loc = loc or ("load",)
        if unsaid := [host.name for host in hosts if kind.room(host) is None]:
            lacks.append(f"{kind.of_host} of {listed(unsaid)}")
            loc = loc or ("hosts", unsaid[0])
    if lacks:
        told = f"it was not checked whether guests of a lost host fit on the others; not given: {'; '.join(lacks)}"
        yield UNKNOWN.found("compute hosts", told, loc)


def _too_many(kinds: Iterable[_Kind], hosts: tuple[Host, ...]) -> Iterable[Finding]:
    """One finding for each part whose loss is too much; what does not even fit into all is about all of them."""
    parts = _parts(hosts)
    told: dict[str, list[str]] = {}
    keys: dict[str, str] = {}
    for kind in kinds:
        rooms = {name: [kind.room(host) for host in part] for name, part in parts.items()}
        if kind.wanted is None or any(room is None for part in rooms.values() for room in part):
            continue
        sizes = {name: sum(room or 0 for room in part) for name, part in rooms.items()}
        total, largest = sum(sizes.values()), max(sizes, key=lambda name: sizes[name])
        # One host, or one that is lost besides: CAPACITY-ONE-COMPUTE says it.
        left = total - sizes[largest] if len(parts) > 1 else total
        if kind.wanted > total:
            subject, room = "compute hosts", f"all {len(hosts)} together have room for {number(total)}"
        elif kind.wanted > left:
            subject, room = largest, f"without {largest} there is room for {number(left)} of {number(total)}"
        else:
            continue
        told.setdefault(subject, []).append(f"guests take {kind.wanted} {kind.noun}, and {room}")
        keys.setdefault(subject, kind.key)
    for subject, texts in told.items():
        then = "what does not fit cannot be started" if subject == "compute hosts" else "the rest stays down with it"
        yield GUESTS.found(subject, f"{'; '.join(texts)}: {then}", ("load", keys[subject]))


def _parts(hosts: tuple[Host, ...]) -> Mapping[str, list[Host]]:
    """What may be lost at a time: racks where there are several, else hosts."""
    racks = len({host.rack for host in hosts if host.rack}) > 1
    found: dict[str, list[Host]] = {}
    for host in hosts:
        found.setdefault(f"rack {host.rack}" if racks and host.rack else f"host {host.name}", []).append(host)
    return found
