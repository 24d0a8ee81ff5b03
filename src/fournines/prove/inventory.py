"""What the cloud's services say of guests, each by itself, as its administrator is told.

What belongs to guests is read before guests are: what is made meanwhile then has its guest in the list. What is deleted
meanwhile may look left over, so who finds that looks again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from fournines.probes import Api, ProbeError, Session
from fournines.prove.asked import as_client

_PAGE, _AT_A_TIME = 500, 8
_ENDED = frozenset({"completed", "confirmed", "reverted", "done", "failed", "error", "cancelled"})
"""Of a migration: it holds nothing any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A guest in Nova."""

    id: str
    name: str
    status: str
    task: str | None
    """What Nova is doing with it just now."""
    host: str | None
    """Where it is; None: nowhere."""
    node: str | None
    """That host's name in Placement."""

    @property
    def text(self) -> str:
        return f"{self.name} ({self.id})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A guest's port in Neutron."""

    id: str
    server: str
    host: str
    """To which it is bound; empty: to none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """All of it, of all projects."""

    servers: tuple[Server, ...]
    allocations: Mapping[str, frozenset[str]]
    """Consumer in Placement -> names of the providers of which it holds something."""
    ports: tuple[Port, ...]
    attachments: Mapping[str, str]
    """In Cinder: volume and attachment -> the server."""
    migrations: frozenset[str]
    """Ids of those that may hold something; looked up only where a consumer is no server."""


def take(api: Api) -> Inventory:
    """Raises DrillError."""
    return as_client(api, _take, "read what services say of guests")


async def _take(session: Session) -> Inventory:
    allocations, ports, attachments = await asyncio.gather(_allocations(session), _ports(session), _attached(session))
    servers = await _servers(session)
    known = {server.id for server in servers}
    migrations = await _migrations(session) if {*allocations} - known else frozenset[str]()
    return Inventory(
        servers=servers, allocations=allocations, ports=ports, attachments=attachments, migrations=migrations
    )


async def _servers(session: Session) -> tuple[Server, ...]:
    found = await _pages(session, "nova", "/v2.1/servers/detail?all_tenants=1", "servers")
    return tuple(
        Server(
            id=each["id"],
            name=each["name"],
            status=each["status"],
            task=each["OS-EXT-STS:task_state"],
            host=each["OS-EXT-SRV-ATTR:host"],
            node=each["OS-EXT-SRV-ATTR:hypervisor_hostname"],
        )
        for each in found
    )


async def _migrations(session: Session) -> frozenset[str]:
    # The first with their ids and in pages.
    found = await _pages(session, "nova", "/v2.1/os-migrations?", "migrations", "compute 2.59", "uuid")
    return frozenset(each["uuid"] for each in found if each["status"] not in _ENDED)


async def _allocations(session: Session) -> dict[str, frozenset[str]]:
    providers = await _listed(session, "placement", "/resource_providers", "resource_providers")
    free = asyncio.Semaphore(_AT_A_TIME)

    async def of(provider: str) -> Mapping[str, Any]:
        async with free:
            path = f"/resource_providers/{provider}/allocations"
            answer = await session.request("GET", "placement", path, token=True)
            # One that was deleted meanwhile holds nothing.
            return answer.object("allocations") if answer.want(200, 404).status == 200 else {}

    found: dict[str, frozenset[str]] = {}
    held = await asyncio.gather(*(of(each["uuid"]) for each in providers))
    for provider, consumers in zip(providers, held, strict=True):
        for consumer in consumers:
            found[consumer] = found.get(consumer, frozenset()) | {str(provider["name"])}
    return found


async def _ports(session: Session) -> tuple[Port, ...]:
    fields = "&".join(f"fields={name}" for name in ("id", "device_id", "device_owner", "binding:host_id"))
    found = await _pages(session, "neutron", f"/v2.0/ports?{fields}", "ports")
    return tuple(
        Port(id=each["id"], server=each["device_id"], host=each.get("binding:host_id") or "")
        for each in found
        if each["device_owner"].startswith("compute:")
    )


async def _attached(session: Session) -> dict[str, str]:
    """Those of guests: services attach volumes too, and name no server."""
    if "cinder" not in session.api.endpoints:
        return {}
    found = await _pages(session, "cinder", "/v3/attachments?all_tenants=1", "attachments", "volume 3.27")
    return {f"{each['volume_id']} ({each['id']})": each["instance"] for each in found if each["instance"]}


async def _pages(
    session: Session, service: str, path: str, key: str, version: str = "", marker: str = "id"
) -> list[dict[str, Any]]:
    """The whole of a list that is given in pages."""
    found: list[dict[str, Any]] = []
    url = f"{path}&limit={_PAGE}"
    while page := await _listed(session, service, url, key, version):
        found += page
        if len(page) < _PAGE:
            break
        url = f"{path}&limit={_PAGE}&marker={page[-1][marker]}"
    return found


async def _listed(session: Session, service: str, path: str, key: str, version: str = "") -> list[dict[str, Any]]:
    headers = {"Accept": "application/json"} | ({"OpenStack-API-Version": version} if version else {})
    answer = (await session.request("GET", service, path, token=True, headers=headers)).want(200)
    found = answer.object().get(key)
    if not isinstance(found, list):
        raise ProbeError("body", f"no list at {key}")
    return cast("list[dict[str, Any]]", found)
