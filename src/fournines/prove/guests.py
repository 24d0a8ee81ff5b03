"""Guests that probes have made, removed by their names: those of a prober that was killed, or that could not."""

from __future__ import annotations

from fournines.probes import Api
from fournines.probes._guests import remove as removed
from fournines.prove.asked import as_client


def remove(api: Api) -> int:
    """All whose names begin as `Api.guests` says, with their floating IPs; how many guests there were. Raises
    DrillError."""
    return as_client(api, lambda session: removed(session, f"^{api.guests}-"), "remove the probes' guests")
