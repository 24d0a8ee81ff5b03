"""Make a volume type: a row of Cinder's database. Private: it is in no user's list."""

from __future__ import annotations

from fournines.cloud.names import MARK
from fournines.probes import ApiProbe, Rows, Session
from fournines.probes._rest import made


class VolumeWrite(ApiProbe):
    name = "volume-write"
    service = "cinder"
    column = "write"
    interval_s = 2
    deadline_s = 5
    rows = Rows.named("cinder.volume_types")

    async def once(self, session: Session, seq: int) -> str | None:
        wanted = {"name": f"{MARK}-{seq}", "os-volume-type-access:is_public": False}
        return await made(session, self.service, "/v3/types", wanted, 200, "volume_type")
