"""Ceph's copies: how many there are, where they lie, and whether there is room for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from fournines.checks import Check, Code, Design, Finding
from fournines.checks._figures import number
from fournines.checks._words import listed
from fournines.cloud.model import Host
from fournines.services import _ceph
from fournines.services._ceph import CephOptions

NEARFULL = 0.85
"""Share of a disk from which Ceph warns (its default `mon_osd_nearfull_ratio`)."""
_UNEVEN = 1.5
_OPTIONS = ("services", "ceph")

MIN_SIZE = Code(
    "CEPH-MIN-SIZE",
    "error",
    "writes are taken with too few copies",
    "Ceph acknowledges a write when the copies that are there have it, and takes writes as long as there are "
    "`min_size` of them. With one, the newest data lie on one disk while the others are away: a second failure "
    "loses what clients were told is kept. In 2024 1.57 % of disks failed (Backblaze), and making the copies of a lost "
    "one takes hours in which the others work hardest. With two of four one more failure loses nothing, but either "
    "half may have taken writes alone: I/O then waits until that half is back. So that is a warning.",
    "Set services.ceph.min_size to more than half of services.ceph.size: 2 of 3.",
)
MIN_ALL = Code(
    "CEPH-MIN-ALL",
    "error",
    "every copy must be there",
    "Ceph takes reads and writes of an object as long as `min_size` of its copies are there. With as many as `size`, "
    "the loss of any one disk stops I/O on what lay on it until its copies are made anew, and the restart of any "
    "storage host stops it until that is back: each is a single point of failure, however many copies there are.",
    "Set services.ceph.min_size to just more than half of services.ceph.size: 2 of 3.",
)
SIZE = Code(
    "CEPH-SIZE",
    "error",
    "two copies are too few",
    "When one of two copies is lost, one read error on the other one is data that nobody has. Where two copies differ, "
    "no majority says which one is right. And with min_size 2 the loss of either stops I/O, with min_size 1 the next "
    "one loses acknowledged writes. Ceph's own default is three copies.",
    "Set services.ceph.size to 3, with storage in at least three failure domains.",
)
NO_SPARE = Code(
    "CEPH-NO-SPARE",
    "note",
    "no failure domain to spare",
    "No two copies lie in one failure domain. With as many domains as copies, those of a dead one cannot be made anew "
    "elsewhere: until it is back, everything has one copy less. That is common and safe for a short time, so it is a "
    "note. A disk is another matter: the other disks of its domain take its copies over. With `failure_domain: rack` "
    "and racks to spare, Ceph still leaves it to the operator to mark a whole rack out (its default "
    "`mon_osd_down_out_subtree_limit` is `rack`).",
    "Give one more host or rack (services.ceph.failure_domain) the role storage, or have a replacement within hours.",
)
DOMAIN = Code(
    "CEPH-DOMAIN",
    "warning",
    "copies may share a rack",
    "With `failure_domain: host` copies lie on different hosts, wherever those stand. Where storage hosts share a "
    "rack, two or all copies of an object may lie in it. Its power or its switch then takes more than one of them: I/O "
    "on those objects stops, or they are gone. About 5 % of top-of-rack switches fail in a year (Gill 2011).",
    "Set `failure_domain: rack` under services.ceph; the racks are there.",
)
CAPACITY = Code(
    "CEPH-CAPACITY",
    "error",
    "the data do not fit",
    "Each failure domain holds at most one copy of an object, so D gigabytes fit only where the sum of min(domain, D) "
    "is at least the number of copies times D. Ceph warns when a disk is 85 % full, makes no copies there from 90 % "
    "and takes no write at all from 95 %, in the whole pool. When a domain dies and there are others to spare, its "
    "copies move to those: what did fit before must fit there too.",
    "Add disks (hosts.*.disks) or hosts, or store less (load.stored_gigabytes).",
)
UNEVEN = Code(
    "CEPH-UNEVEN",
    "warning",
    "failure domains of very different sizes",
    "Ceph gives each domain data and requests by its size. A large one then has most of both, and its loss is the most "
    "to make anew. What a domain has above the others is of no use where each must hold a copy of everything.",
    "Spread the disks evenly over the failure domains (hosts.*.disks, hosts.*.rack).",
)
UNKNOWN = Code(
    "CEPH-ROOM-UNKNOWN",
    "note",
    "whether the data fit is not known",
    "What is to be stored, or how large the disks are, is not in the cloud file. So it was not checked whether all "
    "copies fit, nor whether they still do when a failure domain is lost. A cluster that fills up while it makes "
    "copies anew takes no write at all.",
    "Give load.stored_gigabytes, and `gigabytes` of each disk.",
)


class CephCheck(Check):
    name = "ceph"
    codes = (MIN_SIZE, MIN_ALL, SIZE, NO_SPARE, DOMAIN, CAPACITY, UNEVEN, UNKNOWN)

    def check(self, design: Design) -> Iterable[Finding]:
        hosts = design.hosts_of("ceph-osd")
        if not hosts:
            return
        chosen = _ceph.options(design.cloud)
        domains = _domains(hosts, chosen)
        yield from _copies(chosen)
        yield from _spare(chosen, domains)
        yield from _racks(chosen, hosts)
        yield from _room(design, chosen, domains)


def _copies(chosen: CephOptions) -> Iterable[Finding]:
    size, least = chosen.size, chosen.min_size
    enough = f"Set services.ceph.min_size to {chosen.majority}."
    if least == size > 2:
        yield MIN_ALL.found(
            "ceph",
            f"I/O on an object needs all {size} copies of it: one disk or storage host that is down stops it",
            (*_OPTIONS, "min_size"),
            fix=enough,
        )
    if least * 2 <= size:
        one = "one more failure then loses what clients were told is kept"
        half = "either half of the copies goes on without the other"
        yield MIN_SIZE.found(
            "ceph",
            f"a write is taken with {least} of {size} copies: {one if least == 1 else half}",
            (*_OPTIONS, "min_size"),
            fix=enough,
            severity="error" if least == 1 else "warning",
        )
    if size == 2:
        loss = "stops I/O on what lay there" if least == 2 else "leaves one copy, which still takes writes"
        yield SIZE.found(
            "ceph",
            f"2 copies have no majority: the loss of one {loss}, and a read error on the other one is data lost",
            (*_OPTIONS, "size"),
        )


def _domains(hosts: Iterable[Host], chosen: CephOptions) -> Mapping[str, list[Host]]:
    """Failure domain -> its storage hosts."""
    found: dict[str, list[Host]] = {}
    for host in hosts:
        # The loader refuses hosts without a rack where copies are spread over racks.
        name = host.rack or host.name if chosen.failure_domain == "rack" else host.name
        found.setdefault(name, []).append(host)
    return found


def _spare(chosen: CephOptions, domains: Mapping[str, list[Host]]) -> Iterable[Finding]:
    if len(domains) != chosen.size:
        return
    kind, more = chosen.failure_domain, chosen.size - chosen.min_size
    then = f"the loss of {more} more stops I/O" if more > 1 else "the next loss stops I/O"
    yield NO_SPARE.found(
        "ceph",
        f"{chosen.size} copies in {len(domains)} {kind}s ({listed(domains)}): while one is down its copies are not "
        f"made anew, and {then if more else 'I/O stops'}",
        (*_OPTIONS, "failure_domain"),
        fix=("Give one more host the role storage" if kind == "host" else "Put storage hosts into one more rack")
        + ", or have a dead one back within hours.",
    )


def _racks(chosen: CephOptions, hosts: Iterable[Host]) -> Iterable[Finding]:
    racks = Counter(host.rack for host in hosts if host.rack)
    if chosen.failure_domain != "host" or len(racks) < chosen.size:
        return
    worst, there = max(racks.items(), key=lambda each: each[1])
    if there < 2:
        return
    shared = [rack for rack, number in racks.items() if number > 1]
    together = min(there, chosen.size)
    left = chosen.size - together
    if left == 0:
        then = "all copies of some objects are gone with it"
    elif left < chosen.min_size:
        then = f"I/O on what has only {left} of {chosen.size} copies left stops"
    else:
        then = f"some objects have only {left} of {chosen.size} copies left"
    yield DOMAIN.found(
        f"rack {worst}" if len(shared) == 1 else f"racks {listed(shared)}",
        f"copies lie on different hosts, not in different racks, though storage hosts stand in {len(racks)} racks: "
        f"{together} copies may lie in {worst}; when it loses power, {then}",
        (*_OPTIONS, "failure_domain"),
    )


def room(capacities: Iterable[float], copies: int) -> float:
    """The most data that fit when no two copies lie in one domain: the largest D with sum(min(c, D)) >= copies * D.

    However many of the largest domains hold a copy of everything, k, the rest must have room for the other copies:
    D <= rest / (copies - k), for each k below the number of copies.
    """
    ordered = sorted(capacities, reverse=True)
    return min(sum(ordered[k:]) / (copies - k) for k in range(copies))


def _room(design: Design, chosen: CephOptions, domains: Mapping[str, list[Host]]) -> Iterable[Finding]:
    stored, size, kind = design.cloud.load.stored_gigabytes, chosen.size, chosen.failure_domain
    hosts = [host for each in domains.values() for host in each]
    unsaid = [host.name for host in hosts if any(disk.size is None for disk in host.disks)]
    if stored is None or unsaid:
        lacks = [*(["load.stored_gigabytes"] if stored is None else [])]
        lacks += [f"`gigabytes` of disks of {listed(unsaid)}"] if unsaid else []
        yield UNKNOWN.found(
            "ceph",
            f"it was not checked whether all copies fit; not given: {'; '.join(lacks)}",
            ("load",) if stored is None else ("hosts", unsaid[0], "disks"),
        )
    if unsaid:
        return
    sizes = {name: sum(disk.size or 0 for host in each for disk in host.disks) / 1e9 for name, each in domains.items()}
    yield from _uneven(chosen, sizes)
    if stored is None:
        return
    largest = max(sizes, key=lambda name: sizes[name])
    smallest = min(sizes, key=lambda name: sizes[name])
    if len(sizes) > size:
        left = {name: each for name, each in sizes.items() if name != largest}
        fits = NEARFULL * room(left.values(), size)
        where = f"when {kind} {largest} ({number(sizes[largest])} GB) is lost, the other {len(left)} have room for"
    else:
        fits = NEARFULL * room(sizes.values(), size)
        where = f"each of {len(sizes)} {kind}s holds a copy of everything, and {smallest} has room for"
    if stored > fits:
        yield CAPACITY.found(
            f"{kind} {largest if len(sizes) > size else smallest}",
            f"{stored} GB are to be stored in {size} copies: {where} {number(fits)} GB of data at 85 % full; "
            "above that copies are not made anew, and at 95 % Ceph takes no write at all",
            ("load", "stored_gigabytes"),
        )


def _uneven(chosen: CephOptions, sizes: Mapping[str, float]) -> Iterable[Finding]:
    kind, mean = chosen.failure_domain, sum(sizes.values()) / len(sizes)
    large = [name for name, size in sizes.items() if size > _UNEVEN * mean]
    small = [name for name, size in sizes.items() if size * _UNEVEN < mean]
    if not large and not small:
        return
    odd = large or small
    idle = sum(sizes.values()) - chosen.size * room(sizes.values(), chosen.size)
    lost = f", and {number(idle)} of {number(sum(sizes.values()))} GB are of no use for {chosen.size} copies"
    yield UNEVEN.found(
        f"{kind} {odd[0]}" if len(odd) == 1 else f"{kind}s {listed(odd)}",
        f"{odd[0]} has {number(sizes[odd[0]])} GB, a {kind} has {number(mean)} GB on average: "
        + ("it has most of the requests, and its loss is the most to make anew" if large else "it is full first")
        + (lost if idle > 1 else ""),
        ("hosts",),
    )
