"""What heals by itself a little after every daemon is healthy: looked at again until it is so, for a bounded time."""

from __future__ import annotations

import time
from collections.abc import Callable

from fournines.errors import NinesError
from fournines.prove.audits import Outcome

Look = Callable[[], tuple[Outcome, str]]


def settled(look: Look, within_s: float, every_s: float = 2.0, final: str = "") -> tuple[Outcome, str]:
    """What was seen when all was well, or last. No look begins after `within_s`; who cannot look is not well. `final`:
    a detail that is not waited on."""
    began, looks = time.monotonic(), 0
    while True:
        looks += 1
        since = time.monotonic() - began
        try:
            outcome, detail = look()
        except NinesError as error:
            outcome, detail = "unknown", f"could not look: {error.message}"
        if outcome == "ok" or detail == final or time.monotonic() - began + every_s > within_s:
            return outcome, f"{detail}, {since:.0f} s after the first look" if looks > 1 else detail
        time.sleep(every_s)
