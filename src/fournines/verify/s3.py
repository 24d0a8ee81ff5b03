"""S3 as its users have it: botocore, held to the deadline and to the cloud's own CA; one try."""

from __future__ import annotations

import importlib
import os
import time
from typing import Any

from fournines.verify.client import ONE_REQUEST, Client


def s3(at: Client, endpoint: str, access: str, secret: str) -> Any:
    """A client of that endpoint's host and port. Its errors are among `client.failures`."""
    session: Any = importlib.import_module("botocore.session")
    config: Any = importlib.import_module("botocore.config")
    # Whatever the caller's environment and home say of AWS is about another place.
    nothing = (None, None, os.devnull, None)
    here = {"profile": (None, None, None, None), "config_file": nothing, "credentials_file": nothing}
    left = max(0.001, min(ONE_REQUEST, at.until - time.monotonic()))
    return session.Session(session_vars=here).create_client(
        "s3",
        region_name=at.cloud.region,
        endpoint_url=at.cloud.url(endpoint).removesuffix(at.cloud.endpoints[endpoint].path),
        aws_access_key_id=access,
        aws_secret_access_key=secret,
        verify=at.http.verify,
        config=config.Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            retries={"total_max_attempts": 1},
            connect_timeout=left,
            read_timeout=left,
            # A proxy in the environment must not come between us and the VIP.
            proxies={},
            # Ceph 18 does not know the newer ones, which botocore would add by itself.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
