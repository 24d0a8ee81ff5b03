"""Make a flavor: a row of Nova's API database. Private: it is in no user's list. A keypair would meet a quota."""

from __future__ import annotations

from fournines.cloud.names import MARK
from fournines.probes import ApiProbe, Rows, Session
from fournines.probes._rest import made


class ComputeWrite(ApiProbe):
    name = "compute-write"
    service = "nova"
    column = "write"
    interval_s = 2
    deadline_s = 5
    rows = Rows.named("nova_api.flavors", key="flavorid")

    async def once(self, session: Session, seq: int) -> str | None:
        wanted = {"name": f"{MARK}-{seq}", "ram": 1, "vcpus": 1, "disk": 0, "os-flavor-access:is_public": False}
        return await made(session, self.service, "/v2.1/flavors", wanted, 200, "flavor")
