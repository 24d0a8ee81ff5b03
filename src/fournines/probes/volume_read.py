"""List volumes: Cinder's API with its database."""

from __future__ import annotations

from fournines.probes import ApiProbe, Session
from fournines.probes._rest import listed


class VolumeRead(ApiProbe):
    name = "volume-read"
    service = "cinder"
    column = "read"
    interval_s = 1
    deadline_s = 5

    async def once(self, session: Session, seq: int) -> str | None:
        await listed(session, self.service, "/v3/volumes?limit=1", "volumes")
        return None
