"""Register an image: a row of Glance's database, without data."""

from __future__ import annotations

from fournines.cloud.names import MARK
from fournines.probes import ApiProbe, Rows, Session
from fournines.probes._rest import made


class ImageWrite(ApiProbe):
    name = "image-write"
    service = "glance"
    column = "write"
    interval_s = 2
    deadline_s = 5
    rows = Rows.named("glance.images")

    async def once(self, session: Session, seq: int) -> str | None:
        wanted = {"name": f"{MARK}-{seq}", "visibility": "private"}
        return await made(session, self.service, "/v2/images", wanted, 201)
