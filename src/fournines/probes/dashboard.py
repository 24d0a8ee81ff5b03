"""Horizon's login page, as a browser first asks for it."""

from __future__ import annotations

from fournines.probes import ApiProbe, ProbeError, Session


class Dashboard(ApiProbe):
    name = "dashboard"
    service = "horizon"
    column = "ui"
    interval_s = 2
    deadline_s = 5

    async def once(self, session: Session, seq: int) -> str | None:
        answer = (await session.request("GET", self.service, "/auth/login/")).want(200)
        if b'name="password"' not in answer.body:
            raise ProbeError("body", "a login page that asks for no password")
        return None
