"""One signed S3 request."""

from __future__ import annotations

import importlib
from typing import Any

from fournines.probes._http import Answer, Api, Session

# Any: it has no types. Loaded here, for an import of its length in the middle of a run would be a stall of the prober.
_AUTH: Any = importlib.import_module("botocore.auth")
_REQUEST: Any = importlib.import_module("botocore.awsrequest").AWSRequest
_KEY: Any = importlib.import_module("botocore.credentials").Credentials

GATEWAY = "radosgw"


def signed(api: Api, method: str, path: str, data: bytes) -> dict[str, str]:
    """The headers of that request, signature and digest of its body among them."""
    request = _REQUEST(method=method, url=api.endpoints[GATEWAY] + path, data=data)
    _AUTH.S3SigV4Auth(_KEY(api.access, api.secret), "s3", api.region).add_auth(request)
    return dict(request.headers.items())


async def ask(session: Session, method: str, path: str, data: bytes = b"") -> Answer:
    """Raises as `ApiProbe.once`; any status is an answer."""
    return await session.request(method, GATEWAY, path, data=data, headers=signed(session.api, method, path, data))
