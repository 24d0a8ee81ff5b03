"""The Redfish service of a lab's hosts: what a fence agent and an operator need of a BMC, and no more.

    GET  /redfish/v1/                              the service; needs no password
    GET  /redfish/v1/Systems                       the one system behind this port
    GET  SYSTEM                                    PowerState, and what Reset allows
    POST SYSTEM/Actions/ComputerSystem.Reset       On, ForceOff, ForceRestart; 204 when it is so

Why not sushy-tools, the usual Redfish emulator: its choice of drivers (libvirt, Nova, Ironic, fake) is written into
its application and has no way in for another, it serves all systems from one port with one password file, runs on
Flask's development server, and calls itself unfit for anything but development.

Run by `bmc.py` as `python -m fournines.lab.redfish CLOUD DIGEST`.
"""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import hmac
import json
import os
import ssl
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from fournines.errors import NinesError
from fournines.lab.bmc import Endpoint
from fournines.lab.cgroups import start_time
from fournines.lab.machine import Machine
from fournines.state import State

_RESETS = ("On", "ForceOff", "ForceRestart")


def application(endpoint: Endpoint, machine: Machine, password: str) -> web.Application:
    """The Redfish service behind one port."""
    credentials = base64.b64encode(f"{endpoint.username}:{password}".encode()).decode()
    expected = f"Basic {credentials}".encode()
    reset = f"{endpoint.system}/Actions/ComputerSystem.Reset"

    @web.middleware
    async def guard(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        start = time.monotonic()
        allowed = hmac.compare_digest(request.headers.get("Authorization", "").encode(), expected)
        if allowed or request.path.rstrip("/") in ("/redfish", "/redfish/v1"):
            try:
                response = await handler(request)
            except web.HTTPException as error:
                response = _error(error.status, error.reason)
            except NinesError as error:
                response = _error(503 if machine.mains_cut else 500, str(error))
        else:
            response = _error(401, "wrong user or password")
            response.headers["WWW-Authenticate"] = 'Basic realm="Redfish"'
        response.headers["OData-Version"] = "4.0"
        body = (await request.text())[:80] if request.method == "POST" else ""
        _log(endpoint.host, request, body, response.status, time.monotonic() - start)
        return response

    async def versions(_: web.Request) -> web.Response:
        return web.json_response({"v1": "/redfish/v1/"})

    async def root(_: web.Request) -> web.Response:
        return web.json_response(
            {
                "@odata.type": "#ServiceRoot.v1_5_0.ServiceRoot",
                "@odata.id": "/redfish/v1/",
                "Id": "RootService",
                "Name": "fournines lab BMC",
                "RedfishVersion": "1.5.0",
                "Systems": {"@odata.id": "/redfish/v1/Systems"},
            }
        )

    async def systems(_: web.Request) -> web.Response:
        return web.json_response(
            {
                "@odata.type": "#ComputerSystemCollection.ComputerSystemCollection",
                "@odata.id": "/redfish/v1/Systems",
                "Name": "Computer System Collection",
                "Members@odata.count": 1,
                "Members": [{"@odata.id": endpoint.system}],
            }
        )

    async def system(_: web.Request) -> web.Response:
        state = await asyncio.to_thread(machine.power)
        return web.json_response(
            {
                "@odata.type": "#ComputerSystem.v1_5_0.ComputerSystem",
                "@odata.id": endpoint.system,
                "Id": endpoint.host,
                "Name": endpoint.host,
                "SystemType": "OS",
                "PowerState": "On" if state == "on" else "Off",
                "Actions": {
                    "#ComputerSystem.Reset": {
                        "target": reset,
                        "ResetType@Redfish.AllowableValues": list(_RESETS),
                    }
                },
            }
        )

    async def act(request: web.Request) -> web.Response:
        try:
            body: Any = await request.json()
            kind = body.get("ResetType")
        except (ValueError, AttributeError):
            return _error(400, "the body is not a JSON object")
        if kind not in _RESETS:
            return _error(400, f"ResetType must be one of {', '.join(_RESETS)}")
        if kind != "On":
            await asyncio.to_thread(machine.power_off)
        if kind != "ForceOff":
            await asyncio.to_thread(machine.start)
        return web.Response(status=204)

    app = web.Application(middlewares=[guard])
    app.add_routes(
        [
            web.get("/redfish", versions),
            web.get("/redfish/v1", root),
            web.get("/redfish/v1/", root),
            web.get("/redfish/v1/Systems", systems),
            web.get(endpoint.system, system),
            web.post(reset, act),
        ]
    )
    return app


def _error(status: int, message: str) -> web.Response:
    body = {"error": {"code": "Base.1.0.GeneralError", "message": message}}
    return web.json_response(body, status=status)


def _log(host: str, request: web.Request, body: str, status: int, seconds: float) -> None:
    """One line a request: never a header, which holds the password."""
    at = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
    what = f"{request.method} {request.path} {body!r}"
    print(f"{at} {host} from {request.remote}: {what} -> {status} in {seconds:.3f} s", flush=True)


def _tls(chain: str, key: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    # OpenSSL only reads files: one that exists in memory alone.
    descriptor = os.memfd_create("bmc")
    try:
        os.write(descriptor, (key + chain).encode())
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
    return context


async def _serve(state: State, digest: str) -> None:
    endpoints = [Endpoint(**one) for one in json.loads((state.lab / "bmc.json").read_text())]
    vault = state.vault()
    tls = _tls(*vault.certificate("bmc", {one.address for one in endpoints}))
    password = vault.password("bmc")
    for one in endpoints:
        app = application(one, Machine.of(state, one.host), password)
        runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await runner.setup()
        await web.TCPSite(runner, one.address, one.port, ssl_context=tls).start()
    making = state.lab / ".bmc.ready"
    making.write_text(json.dumps({"pid": os.getpid(), "start": start_time(os.getpid()), "digest": digest}))
    making.rename(state.lab / "bmc.ready")
    await asyncio.Event().wait()


def main(argv: list[str]) -> int:
    cloud, digest = argv
    try:
        asyncio.run(_serve(State(cloud), digest))
    except OSError as error:
        print(f"cannot serve: {error}", flush=True)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
