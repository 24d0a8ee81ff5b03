"""How the clients of a drill connect.

    fresh   a connection for each request, as of a client that comes once
    kept    connections that stay open for the next request, as of an application that runs for long

A kept one is taken again when its answer was read whole and lets it (RFC 9112, 9.3 and 9.6), for `IDLE_S` at most,
and as long as nothing was heard on it: one that the server closed meanwhile is noticed and dropped (9.5), and so is
one that said something unasked (6.3). With a request that failed or was cancelled its connection ends.

The server may close just when a request is on its way. Nobody can tell then whether it was carried out. A client may
repeat what changes nothing (9.3.1; RFC 9110, 9.2.2) and need not; of what changes something it must not. Ours never
does: that request has failed, as it has for any application that does not repeat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast
from weakref import WeakSet

import aiohttp

if TYPE_CHECKING:
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

Connections = Literal["fresh", "kept"]

IDLE_S = 5.0
"""Half of what HAProxy gives an idle client (`timeout http-request`, where none is set for keep-alive): a client whose
pool is set up well closes first."""

POOL = 100
"""Kept connections to one API. A drill's probes never have so many requests under way: none waits for another's.
Who asks faster waits for one, as an application does. Without a bound a process with 1,000 requests a second that
was held up for 0.2 s opened a connection for each that was due by then, was too slow for that, and did not recover."""


def connector(connections: Connections) -> aiohttp.TCPConnector:
    """Made inside a running event loop."""
    if connections == "fresh":
        return aiohttp.TCPConnector(force_close=True, use_dns_cache=False, limit=0)
    return _Pool()


class _Pool(aiohttp.TCPConnector):
    """Drops connections on which something came unasked: aiohttp would take it for the next request's answer."""

    def __init__(self) -> None:
        super().__init__(keepalive_timeout=IDLE_S, use_dns_cache=False, limit=0, limit_per_host=POOL)  # pyright: ignore[reportUnknownMemberType]
        self._used: WeakSet[ResponseHandler] = WeakSet()

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> Connection:
        while True:
            connection = await super().connect(req, traces, timeout)
            protocol = cast("ResponseHandler", connection.protocol)
            # A new one is never refused, whatever it is like: that would be a second try.
            if protocol not in self._used or not protocol.should_close:
                self._used.add(protocol)
                return connection
            connection.close()
