"""Guests, floating IPs and volumes that probes have made, removed by their names: those of a prober that was killed, or
that could not."""

from __future__ import annotations

from fournines.probes import Api
from fournines.probes._lasting import remove as removed
from fournines.prove.asked import as_client


def remove(api: Api) -> int:
    """All whose names begin as `Api.names` says; how many there were. Raises DrillError."""
    return as_client(api, lambda session: removed(session, f"^{api.names}-"), "remove what probes made")
