"""Store an object. The answer says that every copy of it is written; the audit reads each one back."""

from __future__ import annotations

import hashlib

from fournines.cloud.names import MARK
from fournines.probes import ApiProbe, ProbeError, Session
from fournines.probes._objects import content, path
from fournines.probes._s3 import GATEWAY, ask


class S3Put(ApiProbe):
    name = "s3-put"
    service = GATEWAY
    column = "s3"
    interval_s = 1
    deadline_s = 5
    stores = True

    async def once(self, session: Session, seq: int) -> str | None:
        key = f"{MARK}-{seq}"
        data = content(key)
        answer = (await ask(session, "PUT", path(key), data)).want(200)
        if answer.headers.get("ETag", "").strip('"') != hashlib.md5(data, usedforsecurity=False).hexdigest():
            raise ProbeError("body", "not the digest of what was sent")
        return key
