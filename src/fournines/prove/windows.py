"""How long a drill waits for what."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """How long each part takes, in seconds."""

    baseline: float = 8
    steady: float = 10
    """Without one bad request, after the fault has been failed over from."""
    blocked: float = 30
    """For which a fault that blocks is held."""
    served: float = 90
    """At most, from the fault until the steady part must have begun; then the drill heals anyway."""
    healthy: float = 180
    """At most, until every service is healthy: before the drill and after healing."""
    failback: float = 8
    """Of probing after that."""
