"""Programs that faults run on hosts."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def program(name: str) -> str:
    """Source of the one of that name under `onhost/`."""
    return (resources.files("fournines.faults") / "onhost" / name).read_text(encoding="utf-8")
