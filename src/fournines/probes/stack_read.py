"""List stacks: Heat's API, which knows nothing by itself, an engine over the message bus, the database."""

from __future__ import annotations

from fournines.probes import ApiProbe, Session
from fournines.probes._rest import listed


class StackRead(ApiProbe):
    name = "stack-read"
    service = "heat"
    # A request over the message bus: of the queue's member that died, it is lost.
    column = "create"
    interval_s = 2
    deadline_s = 10

    async def once(self, session: Session, seq: int) -> str | None:
        await listed(session, self.service, f"/v1/{session.token.project}/stacks?limit=1", "stacks")
        return None
