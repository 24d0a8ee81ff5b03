"""What a cloud is for, once: a guest with a volume, on a network of its own behind a router, reached by a floating IP.

`build.build` makes what is missing of it and waits until the guest answers, `ensure.ensure` leaves one that answers as
it is, `remove.remove` leaves nothing. They find things by their names alone, so each may be killed and run again.
"""

from __future__ import annotations

from typing import Final

from fournines.cloud.model import Cloud, Role

ROLES: Final[tuple[Role, ...]] = ("compute", "network", "storage")
"""Whose hosts a guest needs: it runs, is reached, and has its disk."""


def possible(cloud: Cloud) -> bool:
    """Whether the cloud can have the demo's guest."""
    return all(cloud.having(role) for role in ROLES)
