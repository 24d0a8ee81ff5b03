"""List images: Glance with its database."""

from __future__ import annotations

from fournines.probes import ApiProbe, Session
from fournines.probes._rest import listed


class ImageRead(ApiProbe):
    name = "image-read"
    service = "glance"
    column = "image"
    interval_s = 1
    deadline_s = 5

    async def once(self, session: Session, seq: int) -> str | None:
        await listed(session, self.service, "/v2/images?limit=1", "images")
        return None
