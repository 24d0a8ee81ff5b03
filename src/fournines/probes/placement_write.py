"""Make a resource provider without anything to give: a row of Placement's database."""

from __future__ import annotations

import uuid

from fournines.cloud.names import MARK
from fournines.probes import ApiProbe, ProbeError, Rows, Session


class PlacementWrite(ApiProbe):
    name = "placement-write"
    service = "placement"
    column = "write"
    interval_s = 2
    deadline_s = 5
    rows = Rows.named("placement.resource_providers", key="uuid", unlink="root_provider_id = NULL")

    async def once(self, session: Session, seq: int) -> str | None:
        wanted = str(uuid.uuid4())
        body = {"name": f"{MARK}-{seq}", "uuid": wanted}
        answer = await session.request("POST", self.service, "/resource_providers", body=body, token=True)
        # By default, of microversion 1.0, the answer has no body but says where.
        answer.want(201)
        if not answer.headers.get("Location", "").endswith(f"/resource_providers/{wanted}"):
            raise ProbeError("body", "not the resource provider that was sent")
        return wanted
