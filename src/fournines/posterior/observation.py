"""What one probe saw of one drill."""

from __future__ import annotations

from dataclasses import dataclass

from fournines.cloud.columns import Column
from fournines.prove.outages import Bounds


@dataclass(frozen=True, slots=True, order=True)
class Class:
    """Within it drills are pooled, and nowhere else."""

    fault: str
    roles: tuple[str, ...]
    """Of the hosts that it struck, sorted."""
    configuration: str
    """Digest of what hosts were configured from; empty: not recorded."""
    fidelity: str
    """`container` or `metal`."""
    connections: str
    """`fresh` or `kept`: those of the APIs' clients."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Seconds. What is not known is None, never zero."""

    drill: str
    """Unique in the campaign."""
    of: Class
    letter: str
    """Class in the budget table; `-` injures nothing."""
    target: str
    """As it was asked for: `vip`, `storage:2`, a host's name."""
    hosts: tuple[str, ...]
    silences: bool
    """As `Fault.silences`: all that the hosts carry is gone at once."""
    stops: str
    """As `Fault.stops`: the service of which a daemon was ended there."""
    blocks: bool
    """As `Fault.blocks`: nothing could take over."""
    probe: str = ""
    """Empty: the drill ended before it was known who probes."""
    column: Column | None = None
    """None: no probe, or one that is not known here."""
    service: str = ""
    """The service that was asked."""
    outage: Bounds | None = None
    """The worst one of the drill: what is charged against the budget."""
    total: Bounds | None = None
    """All of them together, fail-back too: what one such event costs."""
    budget_s: float | None = None
    bound_s: float | None = None
    recovered: bool | None = None
    """It was served again without anybody's help."""
    why: str = ""
    """Why that is unknown, or what spoke against it."""
