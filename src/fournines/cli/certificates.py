"""The cloud's certificates: what the vault holds, and what the hosts really show."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from fournines.cloud.model import Cloud
from fournines.converge.inspect import HostView
from fournines.services import catalogue
from fournines.state import Vault

WARN = 30
"""Days before its end from which a certificate is a problem. `nines apply` renews it from then on."""
_DAY = 86400


def names(cloud: Cloud) -> dict[str, dict[str, str]]:
    """Every certificate that some daemon shows -> its hosts -> the service that shows it there."""
    found: dict[str, dict[str, str]] = {}
    for name, placement in cloud.services.items():
        if placement.strategy.supervisor != "elsewhere":
            for host in placement.hosts:
                for one in catalogue()[name].certificates(cloud, host):
                    found.setdefault(one.name, {})[host.name] = name
    return dict(sorted(found.items()))


def of(cloud: Cloud, vault: Vault, views: Mapping[str, HostView]) -> dict[str, dict[str, Any]]:
    """By name, the authority's own as `ca`: {hosts, not_after (ISO 8601), days_left, problems}; makes none.

    `not_after` is the earliest of what the vault holds and what hosts show; it and `days_left` are null when there is
    none yet. A host that cannot be asked, or whose service is not healthy, is not a problem of its certificate.
    """
    held = vault.certificates()
    found: dict[str, dict[str, Any]] = {}
    for name, hosts in {"ca": dict.fromkeys((host.name for host in cloud.hosts), ""), **names(cloud)}.items():
        ends = [held[name].not_valid_after_utc.timestamp()] if name in held else []
        problems: list[str] = []
        for host, service in hosts.items():
            shown = views[host].certificates.get(name)
            member = views[host].services.get(service)
            if shown is None or (member is not None and member.health is not None and not member.health.ok):
                continue
            if not shown.ok:
                problems.append(f"{host} shows no good certificate {name}: {' '.join(shown.seen.split())[:160]}")
                continue
            seen = json.loads(shown.seen)
            ends.append(float(seen["not_after"]))
            if name not in held or held[name].serial_number != int(seen["serial"], 16):
                problems.append(f"{host} shows another certificate {name} than the vault's: nines apply")
        end = dt.datetime.fromtimestamp(min(ends), dt.UTC) if ends else None
        left = int((end - dt.datetime.now(dt.UTC)).total_seconds() // _DAY) if end else None
        if left is not None and left < WARN:
            when = f"ends in {left} days" if left >= 0 else "has ended"
            mend = "it needs a new vault" if name == "ca" else "nines apply"
            problems.append(f"the certificate {name} {when}: {mend}")
        found[name] = {
            "hosts": list(hosts),
            "not_after": end.isoformat(timespec="seconds") if end else None,
            "days_left": left,
            "problems": problems,
        }
    return found


def text(found: Mapping[str, Mapping[str, Any]]) -> str:
    """A line each, then what is wrong."""
    width = max(len(name) for name in found)
    lines = [
        f"{name:<{width}}  {_left(one['days_left']):>9}  {(one['not_after'] or '')[:10]:<10}  {', '.join(one['hosts'])}"
        for name, one in found.items()
    ]
    return "\n".join([*lines, *(problem for one in found.values() for problem in one["problems"])])


def _left(days: int | None) -> str:
    return "none yet" if days is None else f"{days} days"
