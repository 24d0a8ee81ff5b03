"""How a cloud is, for `nines status`: one JSON-ready object, and a table of it that fits 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fournines.cli import certificates
from fournines.cloud.model import Cloud, Host
from fournines.converge.inspect import HostView, ServiceView
from fournines.errors import NinesError
from fournines.hosts import Fleet, Power
from fournines.maintain import in_maintenance, lines
from fournines.services import Remark, catalogue
from fournines.state import State

Views = Mapping[str, HostView]


def of(cloud: Cloud, state: State, fleet: Fleet, views: Views) -> dict[str, Any]:
    """The contract of `nines status --json`; `problems` is empty when all is well, and `ok` says so."""
    powers = _powers(cloud, fleet)
    holders = [name for name in views if _facts(views, name, "pacemaker").get("vip") is True]
    hosts = {host.name: _host(host, views[host.name], powers.get(host.name)) for host in cloud.hosts}
    quorum = _quorum(cloud, views)
    problems = _troubles(hosts)
    if "pacemaker" in cloud.services and len(holders) != 1:
        problems.append(f"the VIP {cloud.vip} is on {' and '.join(holders) if holders else 'no host'}")
    problems += _unreached(views)
    problems += [f"{name} has no quorum: {each['detail']}" for name, each in quorum.items() if not each["ok"]]
    remarks = list(_remarks(cloud, views))
    problems += [remark.text for remark in remarks if remark.trouble]
    held = certificates.of(cloud, state.vault(), views)
    problems += [problem for each in held.values() for problem in each["problems"]]
    return {
        "cloud": cloud.name,
        "ok": not problems,
        "problems": problems,
        "vip": {"address": cloud.vip, "holders": holders},
        "quorum": quorum,
        "remarks": [remark.text for remark in remarks if not remark.trouble],
        "maintenance": in_maintenance(cloud, views),
        "hosts": hosts,
        "certificates": held,
        "clouds_yaml": str(state.clouds_yaml) if state.clouds_yaml.exists() else None,
    }


def _powers(cloud: Cloud, fleet: Fleet) -> dict[str, str]:
    """Power of each host that has a BMC: on, off, or unknown."""

    def ask(host: Power) -> str:
        try:
            return host.power()
        except NinesError:
            return "unknown"

    found = {host.name: fleet[host.name] for host in cloud.hosts if host.bmc}
    switched = {name: host for name, host in found.items() if isinstance(host, Power)}
    with ThreadPoolExecutor(max(1, len(switched))) as pool:
        return dict(zip(switched, pool.map(ask, switched.values()), strict=True))


def _host(host: Host, view: HostView, power: str | None) -> dict[str, Any]:
    bmc = f"https://{host.bmc.address}:{host.bmc.port}{host.bmc.system}" if host.bmc else None
    return {
        "power": power,
        "reachable": view.reachable,
        "why": view.why,
        "address": host.management,
        "bmc": bmc,
        "services": {name: _service(service) for name, service in view.services.items()},
    }


def _service(view: ServiceView) -> dict[str, Any]:
    """`ok` is null where the service has no health check."""
    return {
        "ok": view.health.ok if view.health else None,
        "seen": view.health.seen.strip() if view.health else "",
        "facts": dict(view.facts) if view.facts is not None else None,
    }


def _troubles(hosts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Hosts that are gone, then services that are not healthy; hosts with the same trouble share a line."""
    gone: list[str] = []
    sick: dict[tuple[str, str], list[str]] = {}
    for name, host in hosts.items():
        if host["power"] == "off":
            gone.append(f"{name} is powered off")
        elif not host["reachable"]:
            gone.append(f"{name} cannot be reached: {host['why']}")
        for service, seen in host["services"].items():
            if seen["ok"] is False:
                sick.setdefault((service, _line(seen["seen"])), []).append(name)
    return gone + [f"{service} on {', '.join(names)} is not healthy: {seen}" for (service, seen), names in sick.items()]


def _quorum(cloud: Cloud, views: Views) -> dict[str, dict[str, Any]]:
    """Of each service that can say so: whether enough of its members agree, by what they say themselves."""
    found: dict[str, dict[str, Any]] = {}
    for name, placement in cloud.services.items():
        members = [host.name for host in placement.hosts]
        judged = catalogue()[name].quorum({member: _facts(views, member, name) for member in members})
        if members and judged:
            serving, detail = judged
            found[name] = {"ok": 2 * serving > len(members), "members": serving, "of": len(members), "detail": detail}
    return found


def _remarks(cloud: Cloud, views: Views) -> Iterable[Remark]:
    facts = {
        name: {host.name: _facts(views, host.name, name) for host in placement.hosts}
        for name, placement in cloud.services.items()
    }
    for name in cloud.services:
        yield from catalogue()[name].remarks(cloud, facts)


def _unreached(views: Views) -> list[str]:
    """What hosts cannot reach by their own proxy."""
    cut: dict[str, list[str]] = {}
    for host in views:
        for service, members in _facts(views, host, "haproxy-local").items():
            if members == 0:
                cut.setdefault(service, []).append(host)
    return [f"{', '.join(hosts)}: no way to {service} through haproxy-local" for service, hosts in cut.items()]


def _facts(views: Views, host: str, service: str) -> Mapping[str, Any]:
    view = views[host].services.get(service)
    return (view.facts if view else None) or {}


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 160 else line[:157] + "..."


def show(found: Mapping[str, Any]) -> None:
    """Prints it."""
    from rich.console import Console

    draw(found, Console(highlight=False, emoji=False))


def draw(found: Mapping[str, Any], console: Any) -> None:
    """Services down, hosts across; with more hosts than fit, hosts down."""
    from rich.table import Table
    from rich.text import Text

    hosts: Mapping[str, Any] = found["hosts"]
    services = list(dict.fromkeys(name for host in hosts.values() for name in host["services"]))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    if sum(max(len(name), 11) + 2 for name in hosts) + 14 <= console.width:
        table.add_column("")
        for name in hosts:
            table.add_column(name, no_wrap=True)
        table.add_row("address", *(host["address"] for host in hosts.values()))
        table.add_row("power", *(_power(host) for host in hosts.values()))
        table.add_row("VIP", *("holds it" if name in found["vip"]["holders"] else "" for name in hosts))
        for service in services:
            table.add_row(service, *(_mark(host, service) for host in hosts.values()))
    else:
        for heading in ("host", "address", "power", "VIP", "not healthy"):
            table.add_column(heading, overflow="fold")
        for name, host in hosts.items():
            sick = ", ".join(service for service, seen in host["services"].items() if seen["ok"] is False)
            vip = "holds it" if name in found["vip"]["holders"] else ""
            table.add_row(name, host["address"], _power(host), vip, Text(sick, style="red"))
    console.print(table)
    quorum = "; ".join(f"{name} {each['detail']}" for name, each in found["quorum"].items())
    if quorum:
        console.print(f"quorum: {quorum}", markup=False)
    for remark in [*lines(found["maintenance"]), *found["remarks"]]:
        console.print(remark, markup=False)
    days = {name: each["days_left"] for name, each in found["certificates"].items() if each["days_left"] is not None}
    if days:
        first = min(days, key=lambda name: days[name])
        console.print(f"certificates: {len(days)}, {first} ends first, in {days[first]} days", markup=False)
    if found["clouds_yaml"]:
        console.print(f"clients: OS_CLIENT_CONFIG_FILE={found['clouds_yaml']}", markup=False, soft_wrap=True)
    for problem in found["problems"]:
        console.print(Text(problem, style="red"), soft_wrap=True)
    if found["ok"]:
        console.print(Text(f"{found['cloud']} is well.", style="green"))


def _power(host: Mapping[str, Any]) -> Any:
    from rich.text import Text

    if host["power"] == "off":
        return Text("off", style="red")
    if not host["reachable"]:
        return Text("unreachable", style="red")
    return Text(host["power"] or "reachable")


def _mark(host: Mapping[str, Any], service: str) -> Any:
    from rich.text import Text

    if service not in host["services"]:
        return Text("" if host["reachable"] else "?", style="dim")
    match host["services"][service]["ok"]:
        case True:
            return Text("ok", style="green")
        case False:
            return Text("NOT HEALTHY", style="red")
        case _:
            return Text("-", style="dim")
