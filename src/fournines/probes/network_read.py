"""List networks: Neutron's API with its database."""

from __future__ import annotations

from fournines.probes import ApiProbe, Session
from fournines.probes._rest import listed


class NetworkRead(ApiProbe):
    name = "network-read"
    service = "neutron"
    column = "read"
    interval_s = 1
    deadline_s = 5

    async def once(self, session: Session, seq: int) -> str | None:
        await listed(session, self.service, "/v2.0/networks?limit=1", "networks")
        return None
