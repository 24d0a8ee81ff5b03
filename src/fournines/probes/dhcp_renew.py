"""The demo's guest has its address acknowledged by its DHCP servers, asked for through the floating IP.

It asks all of them, as a client does that starts anew: one that renews asks the server of its lease alone, has half a
day for it, and would not notice that this one is gone. Within the deadline three datagrams may be lost, and a guest
whose processor is emulated has a second: it took 0.1 to 0.9 s on two busy cores.
"""

from __future__ import annotations

from fournines.errors import NinesError
from fournines.guest.status import renewed
from fournines.probes import GUEST, ApiProbe, ProbeError, Session


class DhcpRenew(ApiProbe):
    name = "dhcp-renew"
    service = "neutron-dhcp"
    column = "dhcp"
    through = ("fip",)
    interval_s = 2
    deadline_s = 4
    guest_path = "/cgi-bin/renew"

    async def once(self, session: Session, seq: int) -> str | None:
        answer = (await session.request("GET", GUEST, self.guest_path)).want(200)
        try:
            lease = renewed(answer.body)
        except NinesError as error:
            raise ProbeError("body", error.message) from error
        if lease.address != session.api.guest_fixed:
            raise ProbeError("body", f"{lease.server} acknowledged {lease.address}, not {session.api.guest_fixed}")
        return None
