"""HTTPS as probes need it: certificates verified, nothing tried twice."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import errno
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import aiohttp

from fournines.cloud.names import MARK
from fournines.probes._connections import Connections, connector

GUEST = "guest"
"""Among the endpoints of `Api`: the demo's guest."""
_JSON: Mapping[str, str] = {"Accept": "application/json"}
_LIFE_S = 600.0
"""Of a token that does not say how long it lasts."""


class ProbeError(Exception):
    """A request that was not good. `kind` is a short stable label such as `status 503`; `detail` is for people."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind = kind
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """Where a cloud's API is and as whom to ask it. Holds a password: goes to the prober by standard input only."""

    endpoints: Mapping[str, str]
    """Service -> URL without a path, such as `https://10.0.0.10:5000`."""
    ca_file: str
    username: str
    password: str = field(repr=False)
    project: str
    domain: str = "Default"
    region: str = "RegionOne"
    access: str = ""
    """Of an S3 key of that user in that project."""
    secret: str = field(default="", repr=False)
    guest: str = ""
    """Id of the demo's guest, where there is one."""
    guest_fixed: str = ""
    """The address that DHCP gives it."""
    names: str = MARK
    """How the names begin of guests, floating IPs and volumes that probes make."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one request."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def want(self, *status: int) -> Answer:
        """Itself. Raises ProbeError when its status is none of these."""
        if self.status not in status:
            text = self.body[:200].decode("utf-8", "replace").replace("\n", " ")
            raise ProbeError(f"status {self.status}", text)
        return self

    def object(self, *path: str) -> dict[str, Any]:
        """The JSON object under these keys of the body. Raises ProbeError when there is none."""
        try:
            value: object = json.loads(self.body)
        except ValueError as error:
            raise ProbeError("body", f"not JSON: {error}") from None
        return _object(value, *path)


def _object(value: object, *path: str) -> dict[str, Any]:
    """What lies under these keys of it. Raises ProbeError when that is no object."""
    for key in path:
        value = cast("dict[str, object]", value).get(key) if isinstance(value, dict) else None
    if not isinstance(value, dict):
        raise ProbeError("body", f"no object at {'.'.join(path) or 'the top'}")
    return cast("dict[str, Any]", value)


async def _never_twice(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """aiohttp repeats a GET by itself when the server drops the connection, even a fresh one. Not here."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise  # these it does not repeat
    except aiohttp.ServerDisconnectedError as error:
        raise ProbeError("disconnected", str(error)) from error
    except aiohttp.ClientOSError as error:
        raise ProbeError(*describe(error)) from error


def describe(error: Exception) -> tuple[str, str]:
    """What a failed request is called in samples: (kind, detail)."""
    match error:
        case ProbeError():
            return error.kind, error.detail
        case TimeoutError():
            # Who was cancelled may have said what it was waiting for.
            return "deadline", str(error.__cause__ or "")
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            return "tls", str(error)
        case OSError(errno=int(number)):
            kind = {errno.ECONNREFUSED: "refused", errno.ECONNRESET: "reset", errno.EHOSTUNREACH: "no route"}
            return kind.get(number, errno.errorcode.get(number, "connection")), str(error)
        case aiohttp.ClientOSError() | aiohttp.ClientConnectionResetError():
            # Without a number: it was gone before the request was written.
            return "disconnected", str(error)
        case aiohttp.ClientPayloadError():
            return "cut short", str(error)
        case _:
            return type(error).__name__, str(error)


def _client(connections: Connections) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector(connections),
        # Deadlines come from outside, exact; aiohttp would round long ones up to whole seconds.
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
        cookie_jar=aiohttp.DummyCookieJar(),
        middlewares=(_never_twice,),
    )


@dataclass(frozen=True, slots=True)
class Token:
    """A Keystone token and who it speaks for."""

    id: str
    user: str
    """Id of the user."""
    project: str
    """Id of the project."""
    life_s: float = _LIFE_S
    """From its issue to its end."""


def _life_s(token: Mapping[str, Any]) -> float:
    """By Keystone's clock alone, which need not be ours."""
    try:
        issued, ends = (dt.datetime.fromisoformat(token[key]) for key in ("issued_at", "expires_at"))
        return max((ends - issued).total_seconds(), 1.0)
    except (KeyError, TypeError, ValueError):
        return _LIFE_S


class Session:
    """Makes requests as one user. Made inside a running event loop; used by that loop alone. A context manager: leaving
    it closes what is open.

    `connections`: of requests to the cloud's APIs. The demo's guest is asked on fresh ones, whatever they are.
    """

    def __init__(self, api: Api, connections: Connections = "fresh") -> None:
        self.api = api
        self._ca = self._seen_ca()
        self._tls = ssl.create_default_context(cafile=api.ca_file)
        self._fresh = _client("fresh")
        self._apis = self._fresh if connections == "fresh" else _client(connections)
        self._token: Token | None = None
        self._token_old_at = 0.0
        self._renewal: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Connections, and a renewal of the token that is under way. Safe to repeat."""
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.wait([self._renewal])
        await self._apis.close()
        await self._fresh.close()

    async def request(
        self,
        method: str,
        service: str,
        path: str,
        *,
        body: object = None,
        token: bool = False,
        data: bytes | None = None,
        headers: Mapping[str, str] = _JSON,
    ) -> Answer:
        """One request, whole answer read. Redirects are answers like any other.

        `body` goes as JSON, `data` as it is: one of the two at most.
        """
        headers = {**headers, "X-Auth-Token": self.token.id} if token else headers
        client = self._fresh if service == GUEST else self._apis
        url = self.api.endpoints[service] + path
        answer = await self._ask(client, method, url, json=body, data=data, headers=headers)
        if token and answer.status == 401:
            # For this client it is a failure like any other; the following requests get a new token.
            self._renew()
        return answer

    async def visit(self, address: str) -> Answer:
        """What a guest at that address answers to GET /, on a connection of its own."""
        return await self._ask(self._fresh, "GET", f"http://{address}/", headers=_JSON)

    async def _ask(self, client: aiohttp.ClientSession, method: str, url: str, **more: Any) -> Answer:
        # TLS of this request, not of the client: with new trust no connection is used that was made with the old.
        async with client.request(method, url, allow_redirects=False, ssl=self._tls, **more) as response:
            return Answer(response.status, response.headers, await response.read())

    async def authenticate(self) -> Token:
        """One POST /v3/auth/tokens, answer checked: a token of the right user, with roles in the right project."""
        api = self.api
        domain = {"name": api.domain}
        user = {"name": api.username, "domain": domain, "password": api.password}
        body = {
            "auth": {
                "identity": {"methods": ["password"], "password": {"user": user}},
                "scope": {"project": {"name": api.project, "domain": domain}},
            }
        }
        answer = (await self.request("POST", "keystone", "/v3/auth/tokens", body=body)).want(201)
        token_id = answer.headers.get("X-Subject-Token", "")
        token = answer.object("token")
        seen, project = _object(token, "user"), _object(token, "project")
        if not token_id or not seen.get("id") or not project.get("id"):
            raise ProbeError("body", "no token, or one without a user or project")
        if seen.get("name") != api.username or project.get("name") != api.project:
            raise ProbeError("body", f"a token of {seen.get('name')} in {project.get('name')}")
        return Token(token_id, str(seen["id"]), str(project["id"]), _life_s(token))

    async def prepare(self, deadline_s: float) -> None:
        """Obtain the token that the timed requests carry, before any of them.

        Raises as `authenticate`, and TimeoutError.
        """
        asked = asyncio.get_running_loop().time()
        async with asyncio.timeout(deadline_s):
            self._token = await self.authenticate()
        self._token_old_at = asked + self._token.life_s / 2

    @property
    def token(self) -> Token:
        """Raises ProbeError when none was obtained yet: to a client that is as bad as a wrong answer."""
        if self._token is None:
            raise ProbeError("no token", "the cloud gave none yet")
        return self._token

    def refresh(self) -> None:
        """For who asks for days, once a second or so: outlive the token's end and the authority's renewal.

        A token past half of its life, or that there is none of, is replaced in the background, so that no request meets
        an expired one; the CA file is read anew when it changed.
        """
        if (seen := self._seen_ca()) != self._ca:
            # Half written or gone just now: the next call looks again.
            with contextlib.suppress(OSError):
                self._tls = ssl.create_default_context(cafile=self.api.ca_file)
                self._ca = seen
        if self._token is None or asyncio.get_running_loop().time() >= self._token_old_at:
            self._renew()

    def _seen_ca(self) -> tuple[int, int, int] | None:
        """What changes with the CA file."""
        try:
            seen = Path(self.api.ca_file).stat()
        except OSError:
            return None
        return seen.st_ino, seen.st_mtime_ns, seen.st_size

    def _renew(self) -> None:
        """Obtain a new token in the background, one attempt at a time, outside every timed request."""
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.create_task(self._try_renew())

    async def _try_renew(self) -> None:
        try:
            await self.prepare(10)
        except (ProbeError, aiohttp.ClientError, OSError):
            return  # the next refusal tries again
