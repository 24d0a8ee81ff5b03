"""A database write as a client sees it: one credential, of a type that nothing else uses, numbered.

Its 201 is an acknowledged write: the audit looks for its id on every database member. The rows are removed
after the audit, and leftovers of a run that was killed before the next one.
"""

from __future__ import annotations

import json

from fournines.cloud.names import MARK
from fournines.probes import ApiProbe, ProbeError, Rows, Session


class Write(ApiProbe):
    name = "write"
    service = "keystone"
    column = "write"
    interval_s = 0.5
    deadline_s = 5
    rows = Rows(table="keystone.credential", mine=f"type = '{MARK}'")

    async def once(self, session: Session, seq: int) -> str | None:
        blob = json.dumps({"seq": seq})
        wanted = {"type": MARK, "user_id": session.token.user, "blob": blob}
        answer = await session.request("POST", "keystone", "/v3/credentials", body={"credential": wanted}, token=True)
        made = answer.want(201).object("credential")
        if not made.get("id") or made.get("blob") != blob:
            raise ProbeError("body", "not the credential that was sent")
        return str(made["id"])
