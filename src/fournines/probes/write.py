"""A database write as a client sees it: one credential, of a type that nothing else uses, numbered.

Its 201 is an acknowledged write: the audit looks for its id on every database member. The rows are removed
after the audit, and leftovers of a run that was killed before the next one.
"""

from __future__ import annotations

import asyncio
import json

from fournines.probes import Probe, ProbeError, Session

CREDENTIAL_TYPE = "fournines-probe"


class Write(Probe):
    name = "write"
    service = "keystone"
    interval_s = 0.5
    deadline_s = 5
    writes = True

    async def once(self, session: Session, seq: int) -> str | None:
        blob = json.dumps({"seq": seq})
        wanted = {"type": CREDENTIAL_TYPE, "user_id": session.token.user, "blob": blob}
        answer = await session.request("POST", "keystone", "/v3/credentials", body={"credential": wanted}, token=True)
        made = answer.want(201).object("credential")
        if not made.get("id") or made.get("blob") != blob:
            raise ProbeError("body", "not the credential that was sent")
        return str(made["id"])


async def remove_rows(session: Session, deadline_s: float) -> int:
    """Delete every credential that this probe ever made and return how many. The session is prepared.

    Raises ProbeError, aiohttp.ClientError or OSError when the cloud refuses, TimeoutError at the deadline.
    """
    async with asyncio.timeout(deadline_s):
        answer = await session.request("GET", "keystone", f"/v3/credentials?type={CREDENTIAL_TYPE}", token=True)
        rows = answer.want(200).object().get("credentials", [])
        ids = [str(row["id"]) for row in rows if row.get("type") == CREDENTIAL_TYPE]
        few = asyncio.Semaphore(4)

        async def remove(row: str) -> None:
            async with few:
                (await session.request("DELETE", "keystone", f"/v3/credentials/{row}", token=True)).want(204, 404)

        # gather, not a task group: callers are told one plain error, and the deadline ends the rest.
        await asyncio.gather(*(remove(row) for row in ids))
        return len(ids)
