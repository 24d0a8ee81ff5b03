"""What a guest says of itself, as probes take it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fournines.errors import NinesError
from fournines.guest.status import GuestStatus, disks, parse
from fournines.probes._http import Answer, ProbeError

T = TypeVar("T")


def said(answer: Answer) -> GuestStatus:
    """Of itself. Raises ProbeError for anything else."""
    return _read(parse, answer)


def readable(answer: Answer) -> list[str]:
    """Serials of the disks that it can read. Raises ProbeError for anything else."""
    return _read(disks, answer)


def _read(parsed: Callable[[bytes], T], answer: Answer) -> T:
    try:
        return parsed(answer.want(200).body)
    except NinesError as error:
        raise ProbeError("body", error.message) from error
