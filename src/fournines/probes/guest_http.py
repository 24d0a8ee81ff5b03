"""The demo's guest as its users reach it: HTTP over TCP through the floating IP, and its own words in the answer."""

from __future__ import annotations

from fournines.probes import GUEST, ApiProbe, ProbeError, Session
from fournines.probes._guests import said


class GuestHttp(ApiProbe):
    name = "guest-http"
    service = "neutron-l3"
    column = "fip"
    interval_s = 0.5
    deadline_s = 2
    guest_path = "/"

    async def once(self, session: Session, seq: int) -> str | None:
        status = said(await session.request("GET", GUEST, self.guest_path))
        if status.uuid != session.api.guest:
            raise ProbeError("body", f"the answer of {status.uuid or 'a guest that does not know who it is'}")
        return None
