"""List resource providers: Placement with its database. None has that name: the answer stays short in a large cloud."""

from __future__ import annotations

from fournines.probes import ApiProbe, Session
from fournines.probes._rest import listed


class PlacementRead(ApiProbe):
    name = "placement-read"
    service = "placement"
    column = "read"
    interval_s = 1
    deadline_s = 5

    async def once(self, session: Session, seq: int) -> str | None:
        await listed(session, self.service, "/resource_providers?name=fournines-probe", "resource_providers")
        return None
