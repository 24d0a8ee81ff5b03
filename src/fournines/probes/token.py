"""Log in: a scoped token by password."""

from __future__ import annotations

from fournines.probes import ApiProbe, Session


class Token(ApiProbe):
    name = "token"
    service = "keystone"
    column = "token"
    interval_s = 0.5
    deadline_s = 2

    async def once(self, session: Session, seq: int) -> str | None:
        await session.authenticate()
        return None
