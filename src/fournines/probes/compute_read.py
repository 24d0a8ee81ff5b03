"""List servers: Nova's API with the databases of its cells."""

from __future__ import annotations

from fournines.probes import ApiProbe, Session
from fournines.probes._rest import listed


class ComputeRead(ApiProbe):
    name = "compute-read"
    service = "nova"
    column = "read"
    interval_s = 1
    deadline_s = 5

    async def once(self, session: Session, seq: int) -> str | None:
        await listed(session, self.service, "/v2.1/servers?limit=1", "servers")
        return None
