"""The part of Nova and Neutron that makes guests reachable, and the guests: each has an address of this machine."""

from __future__ import annotations

import re
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

OF = {
    "/v2.1/flavors": {"m1.small": "f0", "nines-demo": "f1"},
    "/v2/images": {"nines-demo": "i1"},
    "/v2.0/networks": {"nines-demo": "n1", "external": "o1"},
    "/v2.0/security-groups": {"default": "g0", "nines-demo": "g1"},
}
"""What guests are made of: path of the list -> name -> id."""


@dataclass
class Guest:
    name: str
    asked: dict[str, Any]
    """As Nova was asked for it."""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    since: float = field(default_factory=time.monotonic)


@dataclass
class FloatingIp:
    description: str
    port_id: str
    address: str
    site: web.TCPSite | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


class LittleGuests:
    """A guest has its port 0.1 s after it was asked for, and answers `boots_s` after that."""

    def __init__(self) -> None:
        self.boots_s = 0.3
        self.refuses = 0
        """Status with which a guest is refused; 0: none is."""
        self.fails = ""
        """Why guests end in ERROR; empty: none does."""
        self.stays = False
        """A guest that is deleted does not go."""
        self.servers: dict[str, Guest] = {}
        self.addresses: dict[str, FloatingIp] = {}
        self.of = {path: dict(names) for path, names in OF.items()}
        self.asked = 0
        """How often for a guest."""

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_post("/v2.1/servers", self._create)
        router.add_get("/v2.1/servers/{id}", self._show)
        router.add_delete("/v2.1/servers/{id}", self._delete)
        router.add_post("/v2.0/floatingips", self._lead)
        router.add_delete("/v2.0/floatingips/{id}", self._unlead)

    async def start(self) -> None:
        """Within a running loop."""
        app = web.Application()
        app.router.add_get("/", self._answer)
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self.runner.setup()

    def listed(self, path: str, query: Any) -> list[dict[str, Any]]:
        """As the service lists them by that query."""
        match path:
            case "/v2.1/servers":
                found = [one for one in self.servers.values() if re.search(query.get("name", ""), one.name)]
                return [{"id": one.id, "name": one.name} for one in found]
            case "/v2.0/ports" if "device_id" in query:
                guest = self.servers.get(query["device_id"])
                there = guest is not None and time.monotonic() > guest.since + 0.1
                return [{"id": f"port of {guest.id}"}] if guest and there else []
            case "/v2.0/floatingips":
                return [{"id": one.id, "description": one.description} for one in self.addresses.values()]
            case _:
                wanted = query.get("name")
                named = self.of.get(path, {}).items()
                return [{"id": known, "name": name} for name, known in named if wanted in (None, name)]

    @property
    def names(self) -> set[str]:
        """Of all that is there."""
        return {each.name for each in self.servers.values()} | {each.description for each in self.addresses.values()}

    async def _create(self, request: web.Request) -> web.Response:
        self.asked += 1
        if self.refuses:
            return web.json_response({"forbidden": {"message": "Quota exceeded for instances"}}, status=self.refuses)
        asked = (await request.json())["server"]
        guest = Guest(asked["name"], asked)
        self.servers[guest.id] = guest
        return web.json_response({"server": {"id": guest.id, "links": [], "adminPass": "x"}}, status=202)

    async def _show(self, request: web.Request) -> web.Response:
        guest = self.servers.get(request.match_info["id"])
        if guest is None:
            return web.Response(status=404)
        shown: dict[str, Any] = {"id": guest.id, "name": guest.name, "status": "BUILD"}
        if self.fails:
            shown |= {"status": "ERROR", "fault": {"code": 500, "message": self.fails}}
        elif self._up(guest):
            shown["status"] = "ACTIVE"
        return web.json_response({"server": shown})

    async def _delete(self, request: web.Request) -> web.Response:
        if request.match_info["id"] not in self.servers:
            return web.Response(status=404)
        if not self.stays:
            del self.servers[request.match_info["id"]]
        return web.Response(status=204)

    async def _lead(self, request: web.Request) -> web.Response:
        asked = (await request.json())["floatingip"]
        assert asked["floating_network_id"] == "o1"
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        port = self.runner.addresses[-1][1]
        made = FloatingIp(asked["description"], asked["port_id"], f"127.0.0.1:{port}", site)
        self.addresses[made.id] = made
        told = {"id": made.id, "floating_ip_address": made.address, "port_id": made.port_id}
        return web.json_response({"floatingip": told}, status=201)

    async def _unlead(self, request: web.Request) -> web.Response:
        gone = self.addresses.pop(request.match_info["id"], None)
        if gone and gone.site:
            await gone.site.stop()
        return web.Response(status=204 if gone else 404)

    async def _answer(self, request: web.Request) -> web.Response:
        """Of the guest that the address leads to; before it has booted the connection is cut."""
        leads = next(one for one in self.addresses.values() if one.address == request.host)
        guest = next((one for one in self.servers.values() if leads.port_id == f"port of {one.id}"), None)
        if guest is None or not self._up(guest):
            if request.transport:
                request.transport.close()
            return web.Response()
        own = {"hostname": guest.name, "boot_id": "b", "uuid": guest.id, "uptime": 8.5, "lease": None, "disk": None}
        return web.json_response(own)

    def _up(self, guest: Guest) -> bool:
        return time.monotonic() > guest.since + 0.1 + self.boots_s
