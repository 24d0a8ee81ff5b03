"""Single points of failure of what users see: minimal cut sets of one part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import get_args

from fournines.checks import Check
from fournines.checks._words import listed
from fournines.checks.design import Design
from fournines.checks.finding import Code, Finding
from fournines.cloud.model import Cloud, Host, Role
from fournines.predict.parts import Kind, Part
from fournines.services import _ceph


def _code(kind: str, title: str, why: str, fix: str) -> Code:
    return Code(f"SPOF-{kind}", "error", title, f"{why} {_HOW}", fix)


_HOW = (
    "It is a minimal cut set of order 1 of the fault tree that follows from what services need: whatever else is "
    "redundant, the service is down while this one part is."
)

CODES: Mapping[Kind, Code] = MappingProxyType(
    {
        "host": _code(
            "HOST",
            "one host without which users are without a service",
            "A host fails about four times a year, its operating system included (Dantas 2012), for minutes to days.",
            "Give its roles to one more host; three for what lives by a majority.",
        ),
        "rack": _code(
            "RACK",
            "one rack without which users are without a service",
            "A rack goes as a whole: a breaker, a power distribution unit, somebody's elbow.",
            "Spread the hosts of each role over racks: three for what lives by a majority and for copies of data.",
        ),
        "feed": _code(
            "FEED",
            "one power feed without which users are without a service",
            "Feeds fail, and are switched off for maintenance.",
            "Give every rack a second feed (racks.NAME.feeds), and every host two power supplies.",
        ),
        "switch": _code(
            "SWITCH",
            "one switch without which users are without a service",
            "5 in 100 top-of-rack switches fail in a year (Gill 2011), and every one is updated.",
            "Give every rack a second switch (racks.NAME.switches) and hosts a bond over both.",
        ),
        "disk": _code(
            "DISK",
            "one disk without which users are without a service",
            "1.6 of 100 disks fail in a year (Backblaze 2024).",
            "Keep the data on members of their own: strategy quorum.",
        ),
    }
)


class Spof(Check):
    name = "spof"
    codes = tuple(CODES.values())

    def check(self, design: Design) -> Iterable[Finding]:
        lost: dict[Part, list[str]] = {}
        for analysis in design.analyses.values():
            # A guest stands on its own host, and that is no fault of the cloud's.
            if analysis.visible.name == "guest":
                continue
            for name in analysis.structure.singles:
                part = analysis.structure.parts[name]
                if part.kind in CODES:
                    lost.setdefault(part, []).append(analysis.visible.title)
        for part, services in lost.items():
            told = f"{part.name}, alone: while it is down clients go without {listed(services, most=len(services))}."
            fix = _apart(design.cloud, part) or _copies(design.cloud, part)
            yield CODES[part.kind].found(part.name, told, part.loc, fix=fix)


def _copies(cloud: Cloud, part: Part) -> str:
    """Of what holds a copy where all must be there: how many are enough; else nothing."""
    if not _ceph.used(cloud):
        return ""
    chosen = _ceph.options(cloud)
    stored = cloud.having("storage")
    holds = part.host in {host.name for host in stored} or (
        part.kind == "rack" and part.loc[-1] in {host.rack for host in stored}
    )
    if not holds or chosen.min_size < chosen.size:
        return ""
    if chosen.size == 2:
        return "set services.ceph.size to 3 and min_size to 2"
    return f"set services.ceph.min_size to {chosen.majority} of {chosen.size}: now every copy must be there"


def _apart(cloud: Cloud, part: Part) -> str:
    """Of a rack in which all hosts of a role stand: which hosts to spread over which racks; else nothing."""
    racks = dict.fromkeys(host.rack for host in cloud.hosts if host.rack is not None)
    rack = part.loc[-1]
    alone: list[tuple[Role, tuple[Host, ...]]] = [
        (role, hosts)
        for role in get_args(Role)
        if part.kind == "rack" and len(hosts := cloud.having(role)) > 1 and {host.rack for host in hosts} == {rack}
    ]
    if not alone:
        return ""
    told = ", ".join(f"role {role} ({listed(host.name for host in hosts)})" for role, hosts in alone)
    others = [each for each in racks if each != rack]
    where = f"over {listed([rack, *others])}" if others else "over more racks, declared under `racks`"
    return f"spread all hosts of {told} {where}: hosts.{alone[0][1][-1].name}.rack"
