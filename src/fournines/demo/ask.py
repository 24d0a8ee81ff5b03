"""What the demo's guest says of itself, over TCP."""

from __future__ import annotations

import http.client
import urllib.request
from ipaddress import IPv4Address

from fournines.errors import NinesError
from fournines.guest.status import GuestStatus, parse

TIMEOUT = 2.0
"""Seconds of one request."""


def ask(address: IPv4Address, timeout: float = TIMEOUT) -> GuestStatus:
    """What a demo's guest says of itself. Raises OSError; NinesError for an answer that is none of its."""
    # A proxy in the environment must not come between us and the guest.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{address}/", timeout=timeout) as heard:
            return parse(heard.read(65536))
    except http.client.HTTPException as error:
        raise NinesError(f"no answer in HTTP from {address}: {error!r}") from error


def answer(address: str, server: str) -> GuestStatus | None:
    """The answer of that very guest; None: there is none now. That of another guest is none."""
    try:
        found = ask(IPv4Address(address))
    except (OSError, NinesError):
        return None
    return found if found.uuid == server else None
