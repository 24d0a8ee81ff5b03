"""What a drill reads from an inspection of the cloud. Pure: views in, names out."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from fournines.cloud.model import Cloud
from fournines.converge.inspect import HostView
from fournines.errors import DrillError
from fournines.prove.bounds import Part

Views = Mapping[str, HostView]
"""Host name -> what was seen of it."""

PACEMAKER, GALERA = "pacemaker", "galera"


def facts(views: Views, host: str, service: str) -> Mapping[str, Any] | None:
    """What that member says of itself; None when it could not be asked or said nothing."""
    view = views.get(host)
    if view is None or not view.reachable or service not in view.services:
        return None
    return view.services[service].facts or None


def unhealthy(views: Views, cloud: Cloud) -> list[str]:
    """Who is not well, one line each: `c1 does not answer`, `galera on c2: Joining`. Empty when all is well."""
    lines: list[str] = []
    for host in cloud.hosts:
        view = views.get(host.name)
        if view is None or not view.reachable:
            lines.append(f"{host.name} does not answer{f': {view.why}' if view and view.why else ''}")
            continue
        for placement in cloud.services.values():
            if placement.strategy.supervisor == "elsewhere" or host not in placement.hosts:
                continue
            service = view.services.get(placement.name)
            if service is None:
                lines.append(f"{placement.name} on {host.name}: not seen")
            elif service.health is not None and not service.health.ok:
                seen = " ".join(service.health.seen.split())[:200]
                lines.append(f"{placement.name} on {host.name}: {seen or 'not healthy'}")
    return lines


def vip_holders(views: Views, cloud: Cloud) -> tuple[list[str], list[str]]:
    """(hosts that carry the VIP, hosts that could not be asked)."""
    said = {host.name: facts(views, host.name, PACEMAKER) for host in cloud.services[PACEMAKER].hosts}
    holders = [name for name, fact in said.items() if fact and fact.get("vip") is True]
    return holders, [name for name, fact in said.items() if fact is None or not isinstance(fact.get("vip"), bool)]


def writers(views: Views, cloud: Cloud) -> list[str]:
    """Database members to which any host's local proxy leads, in the spec's order."""
    members = [host.name for host in cloud.services[GALERA].hosts]
    named = {(facts(views, host.name, GALERA) or {}).get("writer") for host in cloud.hosts}
    return [name for name in members if name in named]


def resolve(target: str, views: Views, cloud: Cloud) -> tuple[str, ...]:
    """The hosts that a target means now: `vip`, `writer` or a host's name.

    Raises DrillError when it means none, or when the hosts do not agree.
    """
    if target == "vip":
        found, _ = vip_holders(views, cloud)
        what = "the VIP"
    elif target == "writer":
        found, what = writers(views, cloud), "the database writer"
    else:
        names = [host.name for host in cloud.hosts]
        if target in names:
            return (target,)
        near = difflib.get_close_matches(target, ["vip", "writer", *names], n=1)
        hint = f"did you mean {near[0]}?" if near else ""
        raise DrillError(f"no such target: {target}; there are vip, writer, {', '.join(names)}", hint)
    if len(found) != 1:
        seen = f"{' and '.join(found)} all say they are" if found else "no host says it is"
        raise DrillError(f"cannot aim at {what}: {seen}", "see nines status")
    return (found[0],)


def carried(hosts: tuple[str, ...], views: Views, cloud: Cloud) -> frozenset[Part]:
    """What these hosts carry together, for the bounds."""
    parts: set[Part] = set()
    if set(hosts) & set(vip_holders(views, cloud)[0]):
        parts.add("vip")
    if set(hosts) & set(writers(views, cloud)):
        parts.add("writer")
    if set(hosts) & {host.name for host in cloud.services[GALERA].hosts}:
        parts.add("member")
    return frozenset(parts)
