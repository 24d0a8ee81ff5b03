"""clouds/small.yaml with a second compute host, and what an inspection of it may have seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fournines.cloud import Cloud, load
from fournines.converge.inspect import HostView, ServiceView
from fournines.converge.look import Seen
from fournines.services import catalogue

_SMALL = Path(__file__).parents[3] / "clouds/small.yaml"
_CONVERGED = ["n1", "n2", "n3"]
GONE = HostView(reachable=False, why="is off", services={})


def cloud(folder: Path) -> Cloud:
    """Of hosts n1 to n3, which are everything but compute hosts, and g1 and g2."""
    text = _SMALL.read_text()
    for one, two in (("  g1:", "  g[1-2]:"), (".41\n", ".[41-42]\n")):
        assert one in text
        text = text.replace(one, two)
    file = folder / "small.yaml"
    file.write_text(text)
    return load(file, catalogue())


def member(facts: dict[str, Any] | None = None, ok: bool = True) -> ServiceView:
    return ServiceView(Seen(ok, "" if ok else "broken", 0.1), facts, "")


def well(cloud: Cloud, **marks: Any) -> dict[str, HostView]:
    """All is well. `marks`: disabled, described, standby, noout, as facts have them."""
    said: dict[str, dict[str, Any]] = {
        "nova": {"disabled": marks.get("disabled", {})},
        "neutron": {"described": marks.get("described", {})},
        "pacemaker": {"quorate": True, "online": _CONVERGED, "standby": marks.get("standby", [])},
        "ceph": {"quorum": _CONVERGED, "noout": marks.get("noout", [])},
        "galera": {"status": "Primary", "uuid": "u", "conf_id": 3, "ready": True, "writer": "n1"},
        "rabbitmq": {"running": _CONVERGED, "partitions": []},
        "etcd": {"members": _CONVERGED, "leader": "n1", "errors": []},
    }
    return {
        host.name: HostView(
            reachable=True,
            why="",
            services={name: member(said.get(name)) for name, each in cloud.services.items() if host in each.hosts},
        )
        for host in cloud.hosts
    }


def ill(views: dict[str, HostView], host: str, service: str) -> dict[str, HostView]:
    """The same, but that member is not healthy and says nothing."""
    services = {**views[host].services, service: member(ok=False)}
    return {**views, host: HostView(reachable=True, why="", services=services)}
