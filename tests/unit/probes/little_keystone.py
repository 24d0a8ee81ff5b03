"""A small HTTPS server that speaks the part of Keystone which the probes use, and can be broken on purpose."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
import time
import uuid
from collections.abc import Generator
from pathlib import Path
from typing import Any, Literal

from aiohttp import web

from fournines.probes import Api
from fournines.state import Vault

Mode = Literal["up", "refuse", "hang", "error", "drop", "wrong"]
PASSWORD = "a-secret-of-this-test"


class LittleKeystone:
    """Modes: `up`; `refuse` no listener; `hang` never answers; `error` 503; `drop` closes without an answer;
    `wrong` right status, wrong body."""

    def __init__(self, vault: Vault) -> None:
        self.ca_file = str(vault.ca_file)
        vault.certificate("api", ["127.0.0.1"])
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        folder = vault.ca_file.parent
        self._tls.load_cert_chain(folder / "api.pem", folder / "api.key")
        self.mode: Mode = "up"
        self.port = 0
        self.requests: list[tuple[str, str, int]] = []
        """(method, path, source port)"""
        self.tokens: set[str] = set()
        self.credentials: dict[str, dict[str, Any]] = {}
        self.changes: list[tuple[float, Mode]] = []
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="little-keystone")
        self._site: web.TCPSite | None = None

    def api(self, **changed: Any) -> Api:
        known: dict[str, Any] = {
            "endpoints": {"keystone": f"https://127.0.0.1:{self.port}"},
            "ca_file": self.ca_file,
            "username": "admin",
            "password": PASSWORD,
            "project": "admin",
        }
        return Api(**(known | changed))

    @contextlib.contextmanager
    def running(self) -> Generator[LittleKeystone]:
        self._thread.start()
        assert self._ready.wait(10)
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)

    def become(self, mode: Mode) -> tuple[float, float]:
        """Change the mode; the change happened between the two times given back."""
        began = time.monotonic()
        asyncio.run_coroutine_threadsafe(self._become(mode), self._loop).result(10)
        ended = time.monotonic()
        self.changes.append((ended, mode))
        return began, ended

    async def _become(self, mode: Mode) -> None:
        if mode == "refuse" and self._site is not None:
            await self._site.stop()
            self._site = None
        elif mode != "refuse" and self._site is None:
            await self._listen()
        self.mode = mode

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        app = web.Application(middlewares=[self._broken])
        app.router.add_post("/v3/auth/tokens", self._token)
        app.router.add_get("/v3/auth/catalog", self._catalog)
        app.router.add_post("/v3/credentials", self._create)
        app.router.add_get("/v3/credentials", self._list)
        app.router.add_delete("/v3/credentials/{id}", self._delete)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        self._loop.run_until_complete(self._runner.setup())
        self._loop.run_until_complete(self._listen())
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._runner.cleanup())
        self._loop.run_until_complete(_end_all())
        self._loop.close()

    async def _listen(self) -> None:
        self._site = web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=self._tls, reuse_address=True)
        await self._site.start()
        if not self.port:
            self.port = int(self._runner.addresses[0][1])

    @web.middleware
    async def _broken(self, request: web.Request, handler: Any) -> web.StreamResponse:
        peer = request.transport.get_extra_info("peername") if request.transport else ("", 0)
        self.requests.append((request.method, request.path, peer[1]))
        match self.mode:
            case "hang":
                await asyncio.sleep(60)
            case "error":
                return web.json_response({"error": {"code": 503}}, status=503)
            case "drop":
                await request.read()
                if request.transport:
                    request.transport.close()
                return web.Response()
            case "wrong":
                status = {"/v3/auth/tokens": 201, "/v3/credentials": 201}.get(request.path, 200)
                return web.json_response({"nothing": "of the kind"}, status=status)
            case _:
                pass
        if request.path != "/v3/auth/tokens" and request.headers.get("X-Auth-Token") not in self.tokens:
            return web.json_response({"error": {"code": 401}}, status=401)
        return await handler(request)

    async def _token(self, request: web.Request) -> web.Response:
        user = (await request.json())["auth"]["identity"]["password"]["user"]
        if user["password"] != PASSWORD:
            return web.json_response({"error": {"code": 401}}, status=401)
        token = uuid.uuid4().hex
        self.tokens.add(token)
        body = {"token": {"user": {"id": "u1", "name": user["name"]}, "project": {"id": "p1", "name": "admin"}}}
        return web.json_response(body, status=201, headers={"X-Subject-Token": token})

    async def _catalog(self, request: web.Request) -> web.Response:
        return web.json_response({"catalog": [{"type": "identity", "name": "keystone", "endpoints": []}]})

    async def _create(self, request: web.Request) -> web.Response:
        made = (await request.json())["credential"] | {"id": uuid.uuid4().hex}
        self.credentials[made["id"]] = made
        return web.json_response({"credential": made}, status=201)

    async def _list(self, request: web.Request) -> web.Response:
        kind = request.query.get("type")
        rows = [row for row in self.credentials.values() if row["type"] == kind]
        return web.json_response({"credentials": rows})

    async def _delete(self, request: web.Request) -> web.Response:
        gone = self.credentials.pop(request.match_info["id"], None)
        return web.Response(status=204 if gone else 404)


async def _end_all() -> None:
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


def dump(keystone: LittleKeystone, path: Path) -> None:
    """The ids that it holds, one a line."""
    path.write_text("\n".join(keystone.credentials) + "\n")


__all__ = ["PASSWORD", "LittleKeystone", "Mode", "dump"]
