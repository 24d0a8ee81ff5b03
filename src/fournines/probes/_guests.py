"""Guests as probes have them: what one says of itself, and those that probes make. These, and the floating IPs that
lead to them, are known by their names alone, whoever made them."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Generator
from typing import TypeVar
from urllib.parse import quote

import aiohttp

from fournines.errors import NinesError
from fournines.guest.status import GuestStatus, parse
from fournines.probes._http import Answer, ProbeError, Session, describe
from fournines.probes._rest import listed

WATCHES = "fournines-watch"
"""How the names of those that probes make in a watch begin, as MARK does for a drill's: each removes its own."""
POLL_S = 1.0
_LOOK_S = 5.0
T = TypeVar("T")


def said(answer: Answer) -> GuestStatus:
    """What a guest says of itself. Raises ProbeError for anything else."""
    try:
        return parse(answer.want(200).body)
    except NinesError as error:
        raise ProbeError("body", error.message) from error


@contextlib.contextmanager
def saying(why: Callable[[], str]) -> Generator[None]:
    """A deadline that ends this block says so."""
    try:
        yield
    except asyncio.CancelledError:
        raise asyncio.CancelledError(why()) from None


async def seen(look: Callable[[], Awaitable[T]]) -> T | None:
    """What a look shows; None: it failed, or took longer than 5 s. Who waits looks again."""
    with contextlib.suppress(ProbeError, aiohttp.ClientError, OSError):
        async with asyncio.timeout(_LOOK_S):
            return await look()
    return None


async def remove(session: Session, name: str) -> int:
    """Delete those whose names fit that regular expression until none is left; how many guests there were.

    Goes on for as long as the cloud does not do it: it is for the caller to set a deadline.
    """
    found: set[tuple[str, str]] = set()
    last = "nothing was heard"
    with saying(lambda: last):
        while True:
            try:
                left = await _left(session, name)
                if not left:
                    return sum(service == "nova" for service, _ in found)
                found |= left
                last = f"not gone: {', '.join(path for _, path in sorted(left))}"
                for service, path in sorted(left):
                    (await session.request("DELETE", service, path, token=True)).want(204, 404)
            except (ProbeError, aiohttp.ClientError, OSError) as error:
                last = ": ".join(filter(None, describe(error)))
            await asyncio.sleep(POLL_S)


async def _left(session: Session, name: str) -> set[tuple[str, str]]:
    """(service, path) of each."""
    servers = await listed(session, "nova", f"/v2.1/servers?name={quote(name, safe='')}", "servers")
    mine = f"/v2.0/floatingips?project_id={session.token.project}&fields=id&fields=description"
    addresses = await listed(session, "neutron", mine, "floatingips")
    return {
        *(("nova", f"/v2.1/servers/{each['id']}") for each in servers),
        *(
            ("neutron", f"/v2.0/floatingips/{each['id']}")
            for each in addresses
            if re.search(name, each["description"] or "")
        ),
    }
