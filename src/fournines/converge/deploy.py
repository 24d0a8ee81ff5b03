"""From a cloud and the service catalogue to stages: what must be so on every host, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fournines.cloud.model import Cloud, Host, Placement
from fournines.converge import base, firewall
from fournines.converge.resources import Package, Resource, Unit
from fournines.converge.steps import HostPart, Stage
from fournines.errors import NinesError
from fournines.services import Service, catalogue
from fournines.state import Vault


def stages(cloud: Cloud, vault: Vault) -> tuple[Stage, ...]:
    """Every stage of a deployment, `base` first, then the services in the cloud's order.

    Raises NinesError when two services want different things of one path, unit, user or kernel setting on one host or
    listen on one port of it, or when the cloud has a service that the catalogue lacks.
    """
    own = tuple(_stage(cloud, vault, placement) for placement in _own(cloud))
    firewall.refuse_clashes(cloud)
    deployed = (base.stage(cloud, vault), *own)
    _refuse_conflicts(deployed)
    return deployed


def packages(cloud: Cloud) -> tuple[str, ...]:
    """Every Debian package that some host of the cloud needs, sorted."""
    wanted = {name for placement in _own(cloud) for name in _service(placement).packages}
    return tuple(sorted(wanted | set(base.PACKAGES)))


def masked(cloud: Cloud) -> tuple[str, ...]:
    """Every unit that must never start by itself on some host of the cloud, sorted."""
    return tuple(sorted({name for placement in _own(cloud) for name in _service(placement).masked}))


def _own(cloud: Cloud) -> Iterable[Placement]:
    """The placements that are ours to deploy. Raises NinesError when one cannot be."""
    for placement in cloud.services.values():
        if not placement.built:
            what, key = f"the strategy {placement.strategy.name}", "strategy"
            if placement.tie_breaker:
                what = key = "tie_breaker"
            raise NinesError(
                f"{placement.name}: {what} can be checked and predicted, not built",
                f"leave services.{placement.name}.{key} out of the cloud file",
            )
    return cloud.services.values()


def _service(placement: Placement) -> Service:
    try:
        return catalogue()[placement.name]
    except KeyError:
        raise NinesError(f"there is no service {placement.name}", f"there are: {', '.join(catalogue())}") from None


def _stage(cloud: Cloud, vault: Vault, placement: Placement) -> Stage:
    service = _service(placement)
    own = {other.name for other in _own(cloud)}
    needed = [need.target for need in placement.needs if need.orders and need.target in own]
    return Stage(
        name=service.name,
        after=(base.NAME, *dict.fromkeys(needed)),
        parts=tuple(_part(cloud, vault, service, host) for host in service.rolling_order(placement)),
        steps=tuple(service.steps(cloud, vault)),
    )


def _part(cloud: Cloud, vault: Vault, service: Service, host: Host) -> HostPart:
    resources: list[Resource] = [Package(name=name) for name in service.packages]
    resources += [Unit(name=name, masked=True, enabled=None, running=None) for name in service.masked]
    resources += service.resources(cloud, host, vault)
    return HostPart(host=host.name, resources=tuple(resources), health=service.health(cloud, host))


def _refuse_conflicts(deployed: Iterable[Stage]) -> None:
    seen: dict[tuple[str, str, str], tuple[str, Mapping[str, object]]] = {}
    for stage in deployed:
        for part in stage.parts:
            for resource in part.resources:
                kind, subject = identity(resource)
                data = resource.as_data()
                owner, other = seen.setdefault((part.host, kind, subject), (stage.name, data))
                if other == data:
                    continue
                who = stage.name if owner == stage.name else f"{owner} and {stage.name}"
                fields = sorted(key for key in {*data, *other} if data.get(key) != other.get(key))
                raise NinesError(
                    f"{part.host}: {who} declare the {kind} {subject} twice, with different {', '.join(fields)}",
                    "a path or unit belongs to one service: change one of the two in src/fournines/services",
                )


def identity(resource: Resource) -> tuple[str, str]:
    """What a resource is about: (kind of subject, subject). All that live in the file tree share the kind `path`."""
    data = resource.as_data()
    if resource.kind in ("package", "user", "unit"):
        return resource.kind, data["name"]
    return ("sysctl", data["key"]) if resource.kind == "sysctl" else ("path", data["path"])
