"""When the certificates end that clients are shown. Probes notice only when one has ended, and then all of them.

Nothing is verified here: one that has ended, or that nobody trusts, is what is looked for.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Generator, Mapping
from urllib.parse import urlsplit

from cryptography import x509
from prometheus_client import CollectorRegistry, Gauge

EVERY_S = 600.0
METRIC = "fournines_certificate_end_timestamp_seconds"
_LOOK_S = 5.0
"""For the connection, and again for the handshake."""


@contextlib.contextmanager
def watched(
    cloud: str, endpoints: Mapping[str, str], registry: CollectorRegistry, every_s: float = EVERY_S
) -> Generator[None]:
    """Within this block each service's endpoint (an https URL) is looked at again and again. One that cannot be reached
    keeps what it showed last; it has no series before it was reached."""
    ends = Gauge(
        METRIC,
        "When the certificate ends that the endpoint showed last.",
        ("cloud", "service"),
        registry=registry,
    )
    stopped = threading.Event()

    def look() -> None:
        while True:
            for service, url in endpoints.items():
                if stopped.is_set():
                    return
                with contextlib.suppress(OSError, ValueError):
                    # Asked first: a series that is there is one that was seen.
                    found = end(url)
                    ends.labels(cloud, service).set(found)
            if stopped.wait(every_s):
                return

    thread = threading.Thread(target=look, name="certificates", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join(2 * _LOOK_S + 1)


def end(url: str) -> float:
    """Of the certificate that is shown there, in seconds since 1970. Raises OSError; ValueError where none is."""
    at = urlsplit(url)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((at.hostname or "", at.port or 443), timeout=_LOOK_S) as plain,
        context.wrap_socket(plain, server_hostname=at.hostname) as secured,
    ):
        shown = secured.getpeercert(binary_form=True)
    return x509.load_der_x509_certificate(shown or b"").not_valid_after_utc.timestamp()
