"""What a command line said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


Nines = Callable[..., Said]
"""`nines("check", "lab")`, in this process."""
