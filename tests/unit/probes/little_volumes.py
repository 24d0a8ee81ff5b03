"""The part of Cinder and Nova that makes volumes and attaches them, and the guest that has them."""

from __future__ import annotations

import ast
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

OWN = "b2f0f3aa-8a1c-4be8-8"
"""Serial of the disk that the guest boots from."""


@dataclass
class Volume:
    name: str
    metadata: dict[str, str]
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    since: float = field(default_factory=time.monotonic)
    server: str = ""
    """That it is attached to."""


class LittleVolumes:
    """A volume is available 0.1 s after it was asked for; the guest has it as soon as it is attached."""

    def __init__(self) -> None:
        self.refuses = 0
        """Status with which attaching is refused; 0: it is not."""
        self.fails = False
        """Volumes end in error."""
        self.unseen = False
        """The guest does not see what is attached."""
        self.all: dict[str, Volume] = {}
        self.deleted: list[str] = []
        """Paths, in order."""

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_post("/v3/volumes", self._create)
        router.add_get("/v3/volumes/{id}", self._show)
        router.add_delete("/v3/volumes/{id}", self._delete)
        router.add_post("/v2.1/servers/{id}/os-volume_attachments", self._attach)
        router.add_delete("/v2.1/servers/{id}/os-volume_attachments/{volume}", self._detach)
        router.add_get("/cgi-bin/disks", self._disks)

    def listed(self, query: Any) -> list[dict[str, Any]]:
        wanted = ast.literal_eval(query.get("metadata", "{}"))
        return [self._shown(each) for each in self.all.values() if wanted.items() <= each.metadata.items()]

    @property
    def names(self) -> set[str]:
        return {each.name for each in self.all.values()}

    def _shown(self, volume: Volume) -> dict[str, Any]:
        ready = time.monotonic() > volume.since + 0.1
        status = "error" if self.fails else "in-use" if volume.server else "available" if ready else "creating"
        attached = [{"server_id": volume.server}] if volume.server else []
        return {"id": volume.id, "name": volume.name, "status": status, "attachments": attached}

    async def _create(self, request: web.Request) -> web.Response:
        asked = (await request.json())["volume"]
        assert asked["size"] == 1
        made = Volume(asked["name"], asked["metadata"])
        self.all[made.id] = made
        return web.json_response({"volume": self._shown(made)}, status=202)

    async def _show(self, request: web.Request) -> web.Response:
        volume = self.all.get(request.match_info["id"])
        return web.json_response({"volume": self._shown(volume)}) if volume else web.Response(status=404)

    async def _delete(self, request: web.Request) -> web.Response:
        self.deleted.append(request.path)
        volume = self.all[request.match_info["id"]]
        if self._shown(volume)["status"] not in ("available", "error"):
            return web.json_response({"badRequest": {"message": "Volume status must be available"}}, status=400)
        del self.all[volume.id]
        return web.Response(status=202)

    async def _attach(self, request: web.Request) -> web.Response:
        if self.refuses:
            return web.json_response({"conflictingRequest": {"message": "locked"}}, status=self.refuses)
        volume = self.all[(await request.json())["volumeAttachment"]["volumeId"]]
        volume.server = request.match_info["id"]
        return web.json_response({"volumeAttachment": {"device": "/dev/vdb", "volumeId": volume.id}})

    async def _detach(self, request: web.Request) -> web.Response:
        self.deleted.append(request.path)
        self.all[request.match_info["volume"]].server = ""
        return web.Response(status=202)

    async def _disks(self, request: web.Request) -> web.Response:
        there = [each.id[:20] for each in self.all.values() if each.server and not self.unseen]
        return web.json_response({"disks": [OWN, *there]})
