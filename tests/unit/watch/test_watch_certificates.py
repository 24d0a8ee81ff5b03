"""Against a real server with TLS: when its certificate ends is known before clients notice."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from little_cloud import LittleCloud
from prometheus_client import CollectorRegistry

from fournines.state import Vault
from fournines.watch import certificates

_NAME = "fournines_certificate_end_timestamp_seconds"
_LABELS = {"cloud": "lab", "service": "keystone"}


def shows(keystone: LittleCloud, folder: Path, days: int) -> float:
    """Another certificate from now on; when it ends."""
    Vault(folder).certificate("short", ["127.0.0.1"], days=days, renew_before=0)
    keystone._tls.load_cert_chain(folder / "short.pem", folder / "short.key")  # pyright: ignore[reportPrivateUsage]
    shown = x509.load_pem_x509_certificate((folder / "short.pem").read_bytes())
    return shown.not_valid_after_utc.timestamp()


def until(good: Callable[[], bool]) -> None:
    ends = time.monotonic() + 30
    while not good():
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_what_is_shown_now_is_told(keystone: LittleCloud, tmp_path: Path) -> None:
    registry = CollectorRegistry()
    endpoints = {"keystone": keystone.api().endpoints["keystone"]}

    def told() -> float | None:
        return registry.get_sample_value(_NAME, _LABELS)

    with certificates.watched("lab", endpoints, registry, 0.05):
        until(lambda: told() is not None)
        assert (told() or 0) > time.time() + 300 * 86400
        soon = shows(keystone, tmp_path, 10)
        until(lambda: told() == soon)
        assert soon < time.time() + 11 * 86400
        keystone.become("refuse")
        time.sleep(0.2)
        assert told() == soon, "what it showed last"


def test_one_that_has_ended_is_told_too(keystone: LittleCloud, tmp_path: Path) -> None:
    ended = shows(keystone, tmp_path, -1)
    assert ended < time.time()
    assert certificates.end(keystone.api().endpoints["keystone"]) == ended


def test_who_shows_none_has_no_series() -> None:
    registry = CollectorRegistry()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
    with pytest.raises(OSError, match="refused"):
        certificates.end(url)
    with certificates.watched("lab", {"keystone": url}, registry, 0.01):
        time.sleep(0.1)
    assert registry.get_sample_value(_NAME, _LABELS) is None
