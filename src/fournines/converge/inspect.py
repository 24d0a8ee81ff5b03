"""How the cloud is now: every host reachable or not, every service's health, facts and certificates, in one agent run a
host.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from fournines.cloud.model import Cloud, Host
from fournines.converge.look import Seen
from fournines.converge.steps import Check, Tls
from fournines.converge.transport import call, pick, together
from fournines.errors import HostError
from fournines.hosts import Fleet
from fournines.services import catalogue

BOUND = 30.0
"""Seconds after which a host counts as unreachable."""
_GLANCES = 2
"""Hosts at a time, where looking must not be felt: all ten of a lab at once kept its Keystone silent for 4 s."""
_CHECKS = 15.0
"""Seconds for the checks on a host that answers: less, so that a hung service does not make its host look gone."""


@dataclass(frozen=True, slots=True)
class ServiceView:
    """One member of one service."""

    health: Seen | None
    """None where the service has no health check."""
    facts: Mapping[str, Any] | None
    """Facts as the service documents them; None where it has none or they could not be read."""
    problem: str
    """Why facts could not be read; else empty."""


@dataclass(frozen=True, slots=True)
class HostView:
    """One host."""

    reachable: bool
    why: str
    """Why it is not reachable; else empty."""
    services: Mapping[str, ServiceView]
    """By service; empty when the host is not reachable."""
    certificates: Mapping[str, Seen] = field(default_factory=dict[str, Seen])
    """What its daemons show, by the certificate's name: JSON as `steps.Tls` says."""

    @property
    def healthy(self) -> bool:
        return self.reachable and all(one.health is None or one.health.ok for one in self.services.values())


def inspect(
    cloud: Cloud, fleet: Fleet, hosts: Collection[str] | None = None, *, thorough: bool = True
) -> Mapping[str, HostView]:
    """Hosts of the cloud by name, all unless said. Never raises for a host that is down: its view says why.

    Not `thorough`: only whether services are healthy, without facts and certificates; few hosts at a time and after
    all that they have to do, for while clients are measured.
    """
    asked = [host for host in cloud.hosts if hosts is None or host.name in hosts]
    looks = {host.name: lambda h=host: _view(cloud, h, fleet, thorough) for host in asked}
    return together(looks, None if thorough else _GLANCES)


def _view(cloud: Cloud, host: Host, fleet: Fleet, thorough: bool) -> HostView:
    checks: dict[str, Check] = {}
    here: list[str] = []
    for name, placement in cloud.services.items():
        if placement.strategy.supervisor == "elsewhere" or host not in placement.hosts:
            continue
        here.append(name)
        service = catalogue()[name]
        health, facts = service.health(cloud, host), service.facts(cloud, host)
        if health is not None:
            checks[f"health {name}"] = health
        if not thorough:
            continue
        if facts is not None:
            checks[f"facts {name}"] = facts
        for one in service.certificates(cloud, host):
            if one.port is None:
                continue
            shown = Tls(awaits=f"the certificate {one.name}", address=one.addresses[0], port=one.port, own=one.path)
            checks[f"certificate {one.name}"] = shown
    request: dict[str, Any] = {
        "op": "look",
        "resources": [],
        "checks": {key: check.as_data() for key, check in checks.items()},
        "limit": _CHECKS,
    }
    try:
        answer = call(pick(fleet, host.name), request, timeout=BOUND, nice=not thorough)
    except HostError as error:
        return HostView(reachable=False, why=error.message.removeprefix(f"{host.name}: "), services={})
    seen = {key: Seen(**value) for key, value in answer["checks"].items()}
    views = {name: _service_view(seen.get(f"health {name}"), seen.get(f"facts {name}")) for name in here}
    shown = {key.removeprefix("certificate "): one for key, one in seen.items() if key.startswith("certificate ")}
    return HostView(reachable=True, why="", services=views, certificates=shown)


def _service_view(health: Seen | None, facts: Seen | None) -> ServiceView:
    if facts is None:
        return ServiceView(health, None, "")
    try:
        parsed = json.loads(facts.seen)
    except ValueError:
        parsed = None
    if isinstance(parsed, dict):
        # Facts may come with an exit that is not 0: they say what is wrong.
        return ServiceView(health, cast(Mapping[str, Any], parsed), "")
    return ServiceView(health, None, f"no facts: {facts.seen.strip()[:300] or 'nothing was printed'}")
