"""A write in the demo's guest that its volume must have before it answers, asked for through the floating IP."""

from __future__ import annotations

import json

from fournines.probes import GUEST, ApiProbe, ProbeError, Session


class GuestWrite(ApiProbe):
    name = "guest-write"
    service = "neutron-l3"
    column = "volume-io"
    through = ("fip",)
    interval_s = 1
    deadline_s = 3
    guest_path = "/cgi-bin/write"

    async def once(self, session: Session, seq: int) -> str | None:
        answer = (await session.request("GET", GUEST, self.guest_path)).want(200)
        try:
            took = json.loads(answer.body)["microseconds"]
        except (ValueError, KeyError, TypeError) as error:
            raise ProbeError("body", f"not what a write says of itself: {answer.body[:80]!r}") from error
        if not isinstance(took, int) or took < 0:
            raise ProbeError("body", f"a write that took {took!r} microseconds")
        return None
