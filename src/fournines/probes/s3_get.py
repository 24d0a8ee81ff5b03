"""Read an object: the gateway, and Ceph. Keystone answers for the key once in five minutes."""

from __future__ import annotations

from fournines.cloud.names import MARK
from fournines.probes import ApiProbe, ProbeError, Session
from fournines.probes._objects import content, path
from fournines.probes._s3 import GATEWAY, ask

_KEY = f"{MARK}-read"


class S3Get(ApiProbe):
    name = "s3-get"
    service = GATEWAY
    column = "s3"
    interval_s = 1
    deadline_s = 5
    fetches = _KEY

    async def once(self, session: Session, seq: int) -> str | None:
        answer = (await ask(session, "GET", path(_KEY))).want(200)
        if answer.body != content(_KEY):
            raise ProbeError("body", f"{len(answer.body)} bytes, not those that were stored")
        return None
