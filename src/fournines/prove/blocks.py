"""What probes wrote to disks, as another client reads it; and its removal."""

from __future__ import annotations

import json
from typing import Any

from fournines.cloud.names import MARK
from fournines.errors import HostError
from fournines.hosts import Host, run
from fournines.probes._blocks import BlockProbe, on_pool
from fournines.probes.onhost import COMMAND, sent
from fournines.prove.remote import Books

_VERIFY_S, _REMOVE_S = 120, 60


def verify(host: Host, books: Books) -> dict[str, Any]:
    """Every block of the books, read by that host: `looked`, `acked`, `bad` are counts, `such` are some bad ones.

    Raises HostError, also when reading takes too long: it waits for disks that do not answer.
    """
    about = {key: books.request[key] for key in ("image", "run", "depth")}
    return _ask(host, "verify", _VERIFY_S, **about, books=books.entries)


def remove(host: Host) -> dict[str, list[str]]:
    """Every image that these probes ever made: `removed`, and `busy` whose user died too lately. Raises HostError."""
    return _ask(host, "remove", _REMOVE_S, prefix=f"{MARK}-")


def _ask(host: Host, do: str, limit_s: int, **more: Any) -> dict[str, Any]:
    said = run(host, COMMAND, stdin=sent(BlockProbe.program, on_pool(do, limit_s, **more)), timeout=limit_s + 10)
    try:
        return json.loads(said)
    except ValueError:
        raise HostError(host.name, f"this is no answer: {said[:200]!r}") from None
