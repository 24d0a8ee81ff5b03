"""/metrics over HTTP, by prometheus_client's own server: the text format, or OpenMetrics for who asks for it."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from dataclasses import dataclass
from typing import Self

from prometheus_client import CollectorRegistry, start_http_server

from fournines.errors import NinesError


@dataclass(frozen=True, slots=True)
class Listen:
    """Where to listen."""

    host: str
    port: int
    """0: any that is free."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """`127.0.0.1:9464`, `[::1]:9464`, `localhost:9464`. Raises ValueError."""
        host, colon, port = text.rpartition(":")
        if host.startswith("[") and host.endswith("]"):
            host = host[1:-1]
        elif ":" in host:
            raise ValueError(f"{text!r}: an IPv6 address stands in brackets, as in [::1]:9464")
        if not host or not colon or not (port.isascii() and port.isdigit()) or int(port) > 65535:
            raise ValueError(f"{text!r} is not HOST:PORT, as in 127.0.0.1:9464")
        return cls(host, int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@contextlib.contextmanager
def served(registry: CollectorRegistry, listen: Listen) -> Generator[str]:
    """The registry's metrics are served within this block, at the URL that is given. Raises NinesError."""
    try:
        server, thread = start_http_server(listen.port, listen.host, registry)
    except OSError as error:
        raise NinesError(
            f"cannot listen on {listen}: {error.strerror or error}",
            "does another nines watch run here? else choose an address of this machine and a free port: --listen",
        ) from None
    try:
        yield f"http://{Listen(listen.host, int(server.server_port))}/metrics"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
