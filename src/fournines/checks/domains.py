"""Failure domains: whether it is known what fails together, and whether zones are apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fournines.checks import Check, Code, Design, Finding
from fournines.checks._parts import KEYS, Part, lost_with
from fournines.checks._words import listed, verb
from fournines.cloud.model import Cloud, Host

UNKNOWN = Code(
    "DOMAIN-UNKNOWN",
    "warning",
    "it is not said what hosts hang on",
    "Checks and predictions take a host without rack, feeds and switches for one that never fails together with "
    "another. In truth every host has them, so single points of failure there are only unseen, and the prediction is "
    "too good. A rack's or feed's fault strikes all its hosts at once, which is what redundant hosts do not survive. "
    "In Gill et al. (2011) redundancy of the network masked only 40 % of a failure's impact.",
    "Declare `feeds`, `switches` and `racks`, and give each host its `rack`.",
)
ZONE = Code(
    "DOMAIN-ZONE",
    "warning",
    "availability zones share a feed or switch",
    "Users put two guests in two availability zones so that one always lives. Hosts of two zones with the same only "
    "feed or switch die together, and both guests with them: the zone's name promises what its wiring does not hold.",
    "Give hosts of different zones different feeds and switches, or each host two of them.",
)


class Domains(Check):
    name = "domains"
    codes = (UNKNOWN, ZONE)

    def check(self, design: Design) -> Iterable[Finding]:
        yield from _unknown(design.cloud)
        yield from _zones(design.cloud)


def _unknown(cloud: Cloud) -> Iterable[Finding]:
    """Hosts that lack the same are one finding."""
    lacking: dict[tuple[str, ...], list[Host]] = {}
    for host in cloud.hosts:
        said = {"rack": host.rack, "feeds": host.feeds, "switches": host.switches}
        if keys := tuple(key for key, value in said.items() if not value):
            lacking.setdefault(keys, []).append(host)
    for keys, hosts in lacking.items():
        names = listed(host.name for host in hosts)
        yield UNKNOWN.found(
            names,
            f"{names} {verb(hosts, 'has', 'have')} no {' and no '.join(keys)}: what fails together with "
            f"{verb(hosts, 'it', 'them')} is not known, so single points of failure there are not seen, and "
            "predictions are too good.",
            ("hosts", hosts[0].name, keys[0]),
            fix=_declare(keys, hosts[0].name),
        )


def _declare(keys: tuple[str, ...], host: str) -> str:
    if "rack" in keys:
        return f"declare `racks` with their `feeds` and `switches`, and name each host's: hosts.{host}.rack"
    return f"name the {' and '.join(keys)} of each host's rack under `racks`, or its own: hosts.{host}.{keys[0]}"


def _zones(cloud: Cloud) -> Iterable[Finding]:
    for part, hosts in lost_with(cloud.having("compute")).items():
        zones = _by_zone(hosts)
        if len(zones) < 2:
            continue
        told = "; ".join(f"{zone}: {listed(host.name for host in each)}" for zone, each in zones.items())
        one = hosts[-1]
        yield ZONE.found(
            str(part),
            f"hosts of {len(zones)} availability zones have no other {part.kind} than {part.name} ({told}): when it "
            "fails, guests that users put in different zones die together.",
            _zone_loc(one, part),
            fix=f"give the hosts of each zone other {KEYS[part.kind]}, or each of them two: "
            f"hosts.{one.name}.{KEYS[part.kind]}, or those of its rack",
        )


def _by_zone(hosts: Iterable[Host]) -> Mapping[str, list[Host]]:
    found: dict[str, list[Host]] = {}
    for host in hosts:
        found.setdefault(host.zone, []).append(host)
    return found


def _zone_loc(host: Host, part: Part) -> tuple[str, ...]:
    """Where the host's feeds or switches are said: with its rack, if it has one."""
    key = KEYS[part.kind]
    return ("racks", host.rack, key) if host.rack else ("hosts", host.name, key)
