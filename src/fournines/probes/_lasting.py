"""What probes make by steps that take a while: guests, the floating IPs that lead to them, volumes. All of it is known
by its name alone, whoever made it: it is waited for here, and removed."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Generator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

import aiohttp

from fournines.probes._http import ProbeError, Session, describe
from fournines.probes._rest import listed, made

_POLL_S = 1.0
_LOOK_S = 5.0
_NOT_YET = (400, 409)
"""What is on its way into another state is removed later."""
_OURS = "made-by", "fournines"
"""In the metadata of volumes, which are not listed by the beginning of a name."""
T = TypeVar("T")


def name_of(session: Session, seq: int) -> str:
    """Of what request `seq` makes."""
    return f"{session.api.names}-{seq}"


async def volume(session: Session, seq: int) -> str:
    """One of 1 GiB, asked for; its id. Raises as `ApiProbe.once`."""
    wanted = {"name": name_of(session, seq), "size": 1, "metadata": dict([_OURS])}
    return await made(session, "cinder", "/v3/volumes", wanted, 202, "volume")


async def until(
    look: Callable[[], Awaitable[T]], what: str, kind: str, shown: Callable[[], Awaitable[Mapping[str, Any]]]
) -> T:
    """What the look shows when it shows anything: once a second it is tried, and a try may fail. A deadline that ends
    the waiting says for `what`, and in which state the object of that `kind` was that is `shown`.

    Raises ProbeError when that object has come to nothing.
    """
    state = "not seen"
    with _saying(lambda: f"no {what}, the {kind} was {state}"):
        while True:
            found, now = await asyncio.gather(_seen(look), _seen(shown))
            if found:
                return found
            state = str(now.get("status")) if now else state
            if state.upper() == "ERROR":
                fault: Mapping[str, Any] = now.get("fault") or {} if now else {}
                raise ProbeError(f"{kind} ERROR", str(fault.get("message", "nobody says why")))
            await asyncio.sleep(_POLL_S)


async def undo(session: Session, seq: int) -> None:
    """Remove what request `seq` has made, however it ended. Goes on until nothing of it is left."""
    await remove(session, f"^{name_of(session, seq)}$")


async def remove(session: Session, name: str) -> int:
    """Delete all whose names fit that regular expression until none is left; how many guests, floating IPs and volumes
    there were.

    Goes on for as long as the cloud does not do it: it is for the caller to set a deadline.
    """
    found: set[str] = set()
    last = "nothing was heard"
    with _saying(lambda: last):
        while True:
            try:
                left = await _left(session, name)
                if not left:
                    return len(found)
                found |= {of for of, _, _ in left}
                last = f"not gone: {', '.join(path for _, _, path in sorted(left))}"
                for _, service, path in sorted(left):
                    answer = await session.request("DELETE", service, path, token=True)
                    answer.want(202, 204, 404, *_NOT_YET)
            except (ProbeError, aiohttp.ClientError, OSError) as error:
                last = ": ".join(filter(None, describe(error)))
            await asyncio.sleep(_POLL_S)


async def _left(session: Session, name: str) -> set[tuple[str, str, str]]:
    """(id, service, path whose deletion comes next) of each."""
    servers = await listed(session, "nova", f"/v2.1/servers?name={quote(name, safe='')}", "servers")
    left = {(str(each["id"]), "nova", f"/v2.1/servers/{each['id']}") for each in servers}
    mine = f"/v2.0/floatingips?project_id={session.token.project}&fields=id&fields=description"
    for each in await listed(session, "neutron", mine, "floatingips"):
        if re.search(name, each["description"] or ""):
            left.add((str(each["id"]), "neutron", f"/v2.0/floatingips/{each['id']}"))
    if "cinder" in session.api.endpoints:
        ours = quote(str(dict([_OURS])), safe="")
        for each in await listed(session, "cinder", f"/v3/volumes/detail?metadata={ours}", "volumes"):
            if re.search(name, each["name"] or ""):
                left |= {(str(each["id"]), *path) for path in _volume(each)}
    return left


def _volume(shown: Mapping[str, Any]) -> list[tuple[str, str]]:
    """It is deleted when it is attached to nothing."""
    of = [str(each["server_id"]) for each in shown["attachments"]]
    held = [("nova", f"/v2.1/servers/{server}/os-volume_attachments/{shown['id']}") for server in of]
    return held or [("cinder", f"/v3/volumes/{shown['id']}")]


async def _seen(look: Callable[[], Awaitable[T]]) -> T | None:
    """What a look shows; None: it failed, or took longer than 5 s. Who waits looks again."""
    with contextlib.suppress(ProbeError, aiohttp.ClientError, OSError):
        async with asyncio.timeout(_LOOK_S):
            return await look()
    return None


@contextlib.contextmanager
def _saying(why: Callable[[], str]) -> Generator[None]:
    """A deadline that ends this block says so."""
    try:
        yield
    except asyncio.CancelledError:
        raise asyncio.CancelledError(why()) from None
