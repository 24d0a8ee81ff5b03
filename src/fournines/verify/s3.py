"""S3 as its users have it: botocore, held to the deadline and to the cloud's own CA; one try."""

from __future__ import annotations

import importlib
import json
import os
import secrets
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


def new_key(at: Client, prefix: str) -> tuple[Any, str, str]:
    """An S3 key of the client's user, made in Keystone: (credential, access, secret). A new name each time: gateways
    and Keystones remember the secret of one that they have seen."""
    access, secret = f"{prefix}-{secrets.token_hex(8)}", secrets.token_hex(16)
    credential = at.sdk.identity.create_credential(
        type="ec2",
        user_id=at.sdk.current_user_id,
        project_id=at.sdk.current_project_id,
        blob=json.dumps({"access": access, "secret": secret}),
    )
    return credential, access, secret


def keys(at: Client, prefix: str) -> list[tuple[Any, str, str]]:
    """Those that there are, as `new_key` gives them."""
    known = at.sdk.identity.credentials(type="ec2", user_id=at.sdk.current_user_id)
    blobs: list[tuple[Any, dict[str, str]]] = [(each, json.loads(each.blob)) for each in known]
    return [(each, blob["access"], blob["secret"]) for each, blob in blobs if blob["access"].startswith(prefix)]


def buckets(client: Any) -> list[str]:
    return [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]


def remove_bucket(client: Any, name: str) -> None:
    """And what is in it, where there is one."""
    if name in buckets(client):
        for each in client.list_objects_v2(Bucket=name).get("Contents", ()):
            client.delete_object(Bucket=name, Key=each["Key"])
        client.delete_bucket(Bucket=name)
