"""A small HTTPS server that speaks the part of each API which the probes use, and can be broken on purpose.

What it is given lies in a database, a SQLite file for each schema, which its members read as the real ones read theirs.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import hashlib
import importlib
import json
import sqlite3
import ssl
import sys
import threading
import time
import uuid
from collections.abc import Callable, Coroutine, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from aiohttp import web
from little_guests import LittleGuests
from little_volumes import LittleVolumes

from fournines.cloud.names import MARK
from fournines.probes import GUEST, Api, Session, catalogue
from fournines.state import Vault

# Any: it has no types.
botocore: Any = importlib.import_module("botocore")
for part in ("auth", "awsrequest", "credentials"):
    importlib.import_module(f"botocore.{part}")

Mode = Literal["up", "refuse", "hang", "error", "drop", "wrong"]
PASSWORD = "a-secret-of-this-test"
SERVER = "d8e02d56-57a8-4d21-a5f4-3a0f0b0e8a55"
"""Id of the one guest."""
FIXED = "192.168.172.17"
"""The address that DHCP gives it."""
SECRET = "a-secret-of-an-s3-key"

LISTS = {
    "/v2/images": "images",
    "/v2.1/servers": "servers",
    "/v2.0/networks": "networks",
    "/v3/volumes": "volumes",
    "/v3/volumes/detail": "volumes",
    "/resource_providers": "resource_providers",
    "/v1/p1/stacks": "stacks",
    "/v2.1/servers/detail": "servers",
    "/v2.1/os-migrations": "migrations",
    "/v2.0/ports": "ports",
    "/v2.0/floatingips": "floatingips",
    "/v2.1/flavors": "flavors",
    "/v2.0/security-groups": "security_groups",
    "/v3/attachments": "attachments",
}
"""Path -> key of the list."""
_NAMES = ("id", "uuid")
"""By which a page's last entry is told to where the next one begins."""
MAKES = {
    "/v3/credentials": ("write", "credential", 201),
    "/v2/images": ("image-write", "", 201),
    "/v2.1/flavors": ("compute-write", "flavor", 200),
    "/v2.0/address-scopes": ("network-write", "address_scope", 201),
    "/v3/types": ("volume-write", "volume_type", 200),
    "/resource_providers": ("placement-write", "", 201),
}
"""Path -> (probe, key of the object, status)."""
_MEMBER = """
import pathlib, sqlite3, sys
database = sqlite3.connect(":memory:", isolation_level=None)
for path in pathlib.Path(sys.argv[1]).glob("*.db"):
    database.execute(f"ATTACH '{path}' AS {path.stem}")
for line in sys.stdin:
    for statement in line.replace("ROW_COUNT()", "changes()").split(";")[:-1]:
        if not statement.startswith("SET SESSION "):
            for row in database.execute(statement):
                print(*row, sep=chr(9))
"""
_HOLDS = """
import json, pathlib, sqlite3, sys
held = {}
for path in pathlib.Path(sys.argv[1]).glob("*.db"):
    database = sqlite3.connect(path)
    for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        held[f"{path.stem}.{name}"] = {"0": [database.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0], 0]}
print(json.dumps(held))
"""


@dataclass
class Member:
    """A host whose SQL client reads a folder of SQLite files, as does the program that says what its tables hold."""

    name: str
    folder: Path

    def argv(self, command: Sequence[str]) -> list[str]:
        assert command[0] == "mariadb" or command[:2] == ("python3", "-")
        return [sys.executable, "-c", _MEMBER if command[0] == "mariadb" else _HOLDS, str(self.folder)]


class Tables:
    """The tables of every writing probe, a file for each schema."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.rows = {name: probe.rows for name, probe in catalogue().items() if probe.rows}
        for rows in self.rows.values():
            self._do(rows.table, f"CREATE TABLE {{}} ({rows.key} PRIMARY KEY, name, type, root_provider_id)")

    def add(self, probe: str, row: str, name: str = "", type: str = "") -> None:
        self._do(self.rows[probe].table, "INSERT INTO {} VALUES (?, ?, ?, NULL)", row, name, type)

    def remove(self, probe: str, row: str) -> None:
        self._do(self.rows[probe].table, f"DELETE FROM {{}} WHERE {self.rows[probe].key} = ?", row)

    def ids(self, probe: str) -> set[str]:
        rows = self.rows[probe]
        return {row for (row,) in self._do(rows.table, f"SELECT {rows.key} FROM {{}}")}

    def _do(self, table: str, statement: str, *values: str) -> list[Any]:
        schema, name = table.split(".")
        with contextlib.closing(sqlite3.connect(self.folder / f"{schema}.db", timeout=20)) as database, database:
            return database.execute(statement.format(name), values).fetchall()


class LittleCloud:
    """Modes: `up`; `refuse` no listener; `hang` never answers; `error` 503; `drop` closes without an answer;
    `wrong` right status, wrong body."""

    def __init__(self, vault: Vault) -> None:
        self.tables = Tables(vault.ca_file.parent / "database")
        self.ca_file = str(vault.ca_file)
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.show(vault)
        self.mode: Mode = "up"
        self.port = 0
        self.requests: list[tuple[str, str, int]] = []
        """(method, path, source port)"""
        self.tokens: set[str] = set()
        self.token_life_s = 3600.0
        self._token_ends: dict[str, float] = {}
        self.keys: dict[str, dict[str, str]] = {}
        """Id of a credential -> S3 key."""
        self.objects: dict[str, bytes] | None = None
        """Key -> content, of the one bucket there can be."""
        self.lists: dict[str, list[dict[str, Any]]] = {}
        """Path -> what is listed there."""
        self.allocations: dict[str, dict[str, Any]] = {}
        """Id of a resource provider -> consumer -> what it holds of it."""
        self.guests = LittleGuests()
        self.volumes = LittleVolumes()
        self.leased = FIXED
        """What a DHCP server acknowledges."""
        self.guest_lacks: set[str] = set()
        """Paths that a guest of an older image has nothing at."""
        self.changes: list[tuple[float, Mode]] = []
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="little-cloud")
        self._site: web.TCPSite | None = None

    def api(self, **changed: Any) -> Api:
        known: dict[str, Any] = {
            "endpoints": dict.fromkeys(
                (GUEST, *(probe.service for probe in catalogue().values())), f"https://127.0.0.1:{self.port}"
            ),
            "guest": SERVER,
            "guest_fixed": FIXED,
            "ca_file": self.ca_file,
            "username": "admin",
            "password": PASSWORD,
            "project": "admin",
            "access": MARK,
            "secret": SECRET,
        }
        return Api(**(known | changed))

    def show(self, vault: Vault) -> None:
        """From the next connection on, a certificate of that vault's authority."""
        vault.certificate("api", ["127.0.0.1"])
        folder = vault.ca_file.parent
        self._tls.load_cert_chain(folder / "api.pem", folder / "api.key")

    @contextlib.contextmanager
    def running(self) -> Generator[LittleCloud]:
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

    def on_connections(self, do: Callable[[asyncio.Transport], None], *, last: bool = False) -> int:
        """Do that to each open connection; how many there were. `last`: and wait until none is left."""

        async def run() -> int:
            there = [each.transport for each in self._runner.server.connections] if self._runner.server else []
            for transport in filter(None, there):
                do(transport)
            until = time.monotonic() + 10
            while last and self._runner.server and self._runner.server.connections:
                assert time.monotonic() < until
                await asyncio.sleep(0.01)
            return len(there)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(20)

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
        app.router.add_get("/auth/login/", self._login)
        app.router.add_get("/", self._guest)
        app.router.add_get("/cgi-bin/write", self._written)
        app.router.add_get("/cgi-bin/renew", self._renewed)
        app.router.add_delete("/v3/credentials/{id}", self._forget)
        app.router.add_route("*", f"/{MARK}", self._bucket)
        app.router.add_route("*", f"/{MARK}/{{key}}", self._object)
        app.router.add_get("/resource_providers/{id}/allocations", self._held)
        for path in LISTS:
            app.router.add_get(path, self._list)
        self.guests.add_routes(app.router)
        self.volumes.add_routes(app.router)
        for path in MAKES:
            app.router.add_post(path, self._make)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        self._loop.run_until_complete(self._runner.setup())
        self._loop.run_until_complete(self.guests.start())
        self._loop.run_until_complete(self._listen())
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self.guests.runner.cleanup())
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
                posted = MAKES[request.path][2] if request.path in MAKES else 201
                status = posted if request.method == "POST" else 200
                return web.json_response({"nothing": "of the kind"}, status=status)
            case _:
                pass
        if request.path in self.guest_lacks:
            return web.Response(status=404)
        if request.path.startswith(f"/{MARK}"):
            good = await self._signed(request)
        else:
            free = request.path in ("/", "/v3/auth/tokens", "/auth/login/") or request.path.startswith("/cgi-bin/")
            token = request.headers.get("X-Auth-Token", "")
            good = free or (token in self.tokens and time.monotonic() < self._token_ends[token])
        return await handler(request) if good else web.json_response({"error": {"code": 401}}, status=401)

    async def _signed(self, request: web.Request) -> bool:
        """Whether a key that Keystone holds signed it, body and all."""
        data, sent = await request.read(), request.headers
        seen = botocore.awsrequest.AWSRequest(
            method=request.method,
            url=f"https://{request.host}{request.path_qs}",
            data=data,
            headers={name: sent[name] for name in ("X-Amz-Date", "X-Amz-Content-SHA256")},
        )
        seen.context["timestamp"] = sent["X-Amz-Date"]
        for key in self.keys.values():
            known = botocore.credentials.Credentials(key["access"], key["secret"])
            auth = botocore.auth.S3SigV4Auth(known, "s3", "RegionOne")
            signature = auth.signature(auth.string_to_sign(seen, auth.canonical_request(seen)), seen)
            if (
                sent["X-Amz-Content-SHA256"] == hashlib.sha256(data).hexdigest()
                and f"Credential={auth.scope(seen)}," in sent["Authorization"]
                and sent["Authorization"].endswith(f"Signature={signature}")
            ):
                return True
        return False

    async def _token(self, request: web.Request) -> web.Response:
        user = (await request.json())["auth"]["identity"]["password"]["user"]
        if user["password"] != PASSWORD:
            return web.json_response({"error": {"code": 401}}, status=401)
        token = uuid.uuid4().hex
        self.tokens.add(token)
        self._token_ends[token] = time.monotonic() + self.token_life_s
        issued = dt.datetime.now(dt.UTC)
        times = {"issued_at": issued, "expires_at": issued + dt.timedelta(seconds=self.token_life_s)}
        body = {
            "user": {"id": "u1", "name": user["name"]},
            "project": {"id": "p1", "name": "admin"},
            **{key: f"{when:%Y-%m-%dT%H:%M:%S.%fZ}" for key, when in times.items()},
        }
        return web.json_response({"token": body}, status=201, headers={"X-Subject-Token": token})

    async def _catalog(self, request: web.Request) -> web.Response:
        return web.json_response({"catalog": [{"type": "identity", "name": "keystone", "endpoints": []}]})

    async def _guest(self, request: web.Request) -> web.Response:
        disk = {"counter": 4, "at": 7.7, "error": ""}
        own = {"hostname": "demo", "boot_id": "b", "uuid": SERVER, "uptime": 8.5, "lease": None, "disk": disk}
        return web.json_response(own)

    async def _written(self, request: web.Request) -> web.Response:
        return web.json_response({"microseconds": 8123})

    async def _renewed(self, request: web.Request) -> web.Response:
        return web.json_response({"address": self.leased, "server": "192.168.172.2", "microseconds": 310120})

    async def _login(self, request: web.Request) -> web.Response:
        return web.Response(text='<form><input name="password"></form>', content_type="text/html")

    async def _forget(self, request: web.Request) -> web.Response:
        return web.Response(status=204 if self.keys.pop(request.match_info["id"], None) else 404)

    async def _bucket(self, request: web.Request) -> web.Response:
        match request.method:
            case "PUT":
                self.objects = {} if self.objects is None else self.objects
            case "GET" if self.objects is not None:
                keys = "".join(f"<Contents><Key>{key}</Key></Contents>" for key in list(self.objects)[:3])
                return web.Response(text=f'<ListBucketResult xmlns="urn:s3">{keys}</ListBucketResult>')
            case "DELETE" if self.objects is not None:
                status = 409 if self.objects else 204
                self.objects = self.objects or None
                return web.Response(status=status)
            case _:
                return web.Response(status=404)
        return web.Response()

    async def _object(self, request: web.Request) -> web.Response:
        key = request.match_info["key"]
        if self.objects is None or (request.method == "GET" and key not in self.objects):
            return web.Response(status=404)
        match request.method:
            case "PUT":
                data = self.objects[key] = await request.read()
                return web.Response(headers={"ETag": f'"{hashlib.md5(data).hexdigest()}"'})
            case "DELETE":
                self.objects.pop(key, None)
                return web.Response(status=204)
            case _:
                return web.Response(body=self.objects[key])

    async def _list(self, request: web.Request) -> web.Response:
        listed = self.lists.get(request.path, []) + self.guests.listed(request.path, request.query)
        if request.path == "/v3/volumes/detail":
            listed += self.volumes.listed(request.query)
        if marker := request.query.get("marker"):
            listed = listed[1 + next(n for n, each in enumerate(listed) if marker in map(each.get, _NAMES)) :]
        return web.json_response({LISTS[request.path]: listed[: int(request.query.get("limit", 1000))]})

    async def _held(self, request: web.Request) -> web.Response:
        held = self.allocations.get(request.match_info["id"])
        return web.Response(status=404) if held is None else web.json_response({"allocations": held})

    async def _make(self, request: web.Request) -> web.Response:
        probe, key, status = MAKES[request.path]
        body = await request.json()
        made = {"id": uuid.uuid4().hex} | (body[key] if key else body)
        made["id"] = made.get("uuid", made["id"])
        if made.get("type") == "ec2":
            blob = json.loads(made["blob"])
            known = self.keys.setdefault(hashlib.sha256(blob["access"].encode()).hexdigest(), blob)
            return web.json_response({key: made}, status=status if known is blob else 409)
        self.tables.add(probe, made["id"], made.get("name", ""), made.get("type", ""))
        if probe == "placement-write":
            where = f"https://{request.host}{request.path}/{made['id']}"
            return web.Response(status=status, headers={"Location": where})
        return web.json_response({key: made} if key else made, status=status)


def within(keystone: LittleCloud, do: Callable[[Session], Coroutine[Any, Any, Any]], deadline: float = 30) -> Any:
    """What comes of that as a client with a token."""

    async def run() -> Any:
        async with Session(keystone.api()) as session:
            await session.prepare(10)
            async with asyncio.timeout(deadline):
                return await do(session)

    return asyncio.run(run())


async def _end_all() -> None:
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


__all__ = ["PASSWORD", "SECRET", "LittleCloud", "Member", "Mode", "Tables"]
