"""What probes store, by S3 as its users have it: made ready, read back, removed."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import TypeVar
from xml.etree import ElementTree

from fournines.probes import Api, Probe, Session
from fournines.probes._objects import content, path
from fournines.probes._s3 import ask
from fournines.prove.asked import as_client

_AT_A_TIME = 8

T = TypeVar("T")


def ready(api: Api, probes: Iterable[Probe]) -> int:
    """Make the key, the empty bucket and what these probes read; how many older objects were removed.

    Nothing where no probe asks for objects. Raises DrillError.
    """
    asking = [probe for probe in probes if probe.stores or probe.fetches]

    async def make(session: Session) -> int:
        await _key(session)
        # It may be there, from a drill that was killed.
        (await ask(session, "PUT", path())).want(200, 409)
        removed = await _empty(session)
        for probe in asking:
            if probe.fetches:
                (await ask(session, "PUT", path(probe.fetches), content(probe.fetches))).want(200)
        return removed

    return as_client(api, make, "make the probes' bucket ready") if asking else 0


def remove(api: Api, probes: Iterable[Probe]) -> int:
    """Remove all of it; how many objects there were. Raises DrillError."""

    async def unmake(session: Session) -> int:
        removed = await _empty(session)
        (await ask(session, "DELETE", path())).want(204, 404)
        key = hashlib.sha256(api.access.encode()).hexdigest()
        (await session.request("DELETE", "keystone", f"/v3/credentials/{key}", token=True)).want(204, 404)
        return removed

    asking = any(probe.stores or probe.fetches for probe in probes)
    return as_client(api, unmake, "remove the probes' bucket") if asking else 0


def lost(api: Api, keys: Collection[str]) -> Mapping[str, str]:
    """Of these objects, those that are not there or hold something else: key -> what was seen. Raises DrillError."""

    async def read(session: Session) -> dict[str, str]:
        async def seen(key: str) -> str:
            answer = (await ask(session, "GET", path(key))).want(200, 404)
            if answer.status == 404:
                return "not there"
            return "" if answer.body == content(key) else "other content"

        return {key: bad for key, bad in (await _each(seen, keys)).items() if bad}

    return as_client(api, read, "read the probes' objects back") if keys else {}


async def _key(session: Session) -> None:
    """The S3 key that the session signs with, in Keystone; its id there follows from it."""
    blob = json.dumps({"access": session.api.access, "secret": session.api.secret})
    token = session.token
    wanted = {"type": "ec2", "user_id": token.user, "project_id": token.project, "blob": blob}
    answer = await session.request("POST", "keystone", "/v3/credentials", body={"credential": wanted}, token=True)
    answer.want(201, 409)


async def _empty(session: Session) -> int:
    removed = 0
    while True:
        # At most a thousand at a time.
        answer = (await ask(session, "GET", path() + "?list-type=2")).want(200, 404)
        if answer.status == 404:
            return removed
        found = ElementTree.fromstring(answer.body)  # noqa: S314 - the cloud's own
        keys = [str(each.text) for each in found.iter() if each.tag.endswith("}Key")]
        if not keys:
            return removed

        async def drop(key: str) -> None:
            (await ask(session, "DELETE", path(key))).want(204, 404)

        await _each(drop, keys)
        removed += len(keys)


async def _each(do: Callable[[str], Awaitable[T]], keys: Collection[str]) -> dict[str, T]:
    """Key -> what came of it; a few at a time."""
    free = asyncio.Semaphore(_AT_A_TIME)

    async def one(key: str) -> T:
        async with free:
            return await do(key)

    return dict(zip(keys, await asyncio.gather(*(one(key) for key in keys)), strict=True))
