"""Read the service catalogue with a token obtained before the run.

A refused token (401) is a failure of that request, as a client sees it; the session then obtains another one
outside the timed part, so that one refusal does not turn into an outage until the end of the run.
"""

from __future__ import annotations

from fournines.probes import ApiProbe, ProbeError, Session


class Read(ApiProbe):
    name = "read"
    service = "keystone"
    column = "read"
    interval_s = 0.5
    deadline_s = 2

    async def once(self, session: Session, seq: int) -> str | None:
        answer = (await session.request("GET", "keystone", "/v3/auth/catalog", token=True)).want(200)
        catalog = answer.object().get("catalog")
        if not isinstance(catalog, list) or '"identity"' not in answer.body.decode("utf-8", "replace"):
            raise ProbeError("body", "a catalogue without an identity service")
        return None
