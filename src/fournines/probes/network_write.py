"""Make an address scope: one row of Neutron's database. A network is a dozen, meets a quota and wakes every agent."""

from __future__ import annotations

from fournines.cloud.names import MARK
from fournines.probes import ApiProbe, Rows, Session
from fournines.probes._rest import made


class NetworkWrite(ApiProbe):
    name = "network-write"
    service = "neutron"
    column = "write"
    interval_s = 2
    deadline_s = 5
    rows = Rows.named("neutron.address_scopes")

    async def once(self, session: Session, seq: int) -> str | None:
        wanted = {"name": f"{MARK}-{seq}", "ip_version": 4}
        return await made(session, self.service, "/v2.0/address-scopes", wanted, 201, "address_scope")
