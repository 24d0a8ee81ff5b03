"""A real round trip through each API, as a client makes it: create, read, delete, through the VIP.

One file a service, found by module name: there is no list to edit. `run.verify` makes all of them at once.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cache
from typing import ClassVar

from fournines.seam import instances
from fournines.verify.client import NAME, Client, TripError

__all__ = ["NAME", "Client", "Trip", "TripError", "catalogue"]


class Trip(ABC):
    """One service's round trip. Instances hold no state.

    Both methods raise TripError for a wrong answer, and as the SDK does (`client.failures`).
    """

    name: ClassVar[str]
    """The service that it verifies."""

    @abstractmethod
    def clean(self, at: Client) -> None:
        """Remove what a run that was killed has left: whatever is called `NAME`, or `NAME` and more."""

    @abstractmethod
    def go(self, at: Client) -> str:
        """Make something, read it back, delete it; in a few words what was proved."""


@cache
def catalogue() -> Mapping[str, Trip]:
    """Every round trip of this folder by service, sorted. Raises TypeError when two modules claim one service."""
    return instances(sys.modules[__name__], Trip)
