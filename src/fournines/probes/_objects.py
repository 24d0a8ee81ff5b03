"""The objects of probes: one bucket, which a drill makes and removes, and contents that follow from their keys."""

from __future__ import annotations

import hashlib

from fournines.cloud.names import MARK

SIZE = 16 * 1024


def path(key: str = "") -> str:
    """Of an object, or of the bucket, in a URL."""
    return f"/{MARK}/{key}" if key else f"/{MARK}"


def content(key: str) -> bytes:
    """What the object of that key holds: no two hold the same."""
    return hashlib.shake_256(key.encode()).digest(SIZE)
