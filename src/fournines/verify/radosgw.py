"""RADOS Gateway: an S3 key from Keystone; a bucket and an object by S3, the same object by Swift."""

from __future__ import annotations

import json
import os
import secrets
from typing import Any

from fournines.verify import NAME, Client, Trip
from fournines.verify.client import want
from fournines.verify.s3 import s3

_BYTES = 64 * 1024
_KEY = "object"


class Radosgw(Trip):
    name = "radosgw"

    def clean(self, at: Client) -> None:
        for credential in at.sdk.identity.credentials(type="ec2", user_id=at.sdk.current_user_id):
            blob: dict[str, str] = json.loads(credential.blob)
            if blob["access"].startswith(NAME):
                _empty(s3(at, self.name, blob["access"], blob["secret"]))
                at.sdk.identity.delete_credential(credential)

    def go(self, at: Client) -> str:
        # A new name each time: gateways and Keystones remember the secret of one that they have seen.
        access, secret, data = f"{NAME}-{secrets.token_hex(8)}", secrets.token_hex(16), os.urandom(_BYTES)
        key = at.sdk.identity.create_credential(
            type="ec2",
            user_id=at.sdk.current_user_id,
            project_id=at.sdk.current_project_id,
            blob=json.dumps({"access": access, "secret": secret}),
        )
        client = s3(at, self.name, access, secret)
        client.create_bucket(Bucket=NAME)
        client.put_object(Bucket=NAME, Key=_KEY, Body=data)
        want(client.get_object(Bucket=NAME, Key=_KEY)["Body"].read() == data, "other data than was stored")
        # By the catalogue, and with a token: what one API stores, the other one shows.
        answer = at.sdk.object_store.get(f"/{NAME}/{_KEY}")
        want(answer.status_code == 200, f"status {answer.status_code} to Swift's GET of what was stored by S3")
        want(answer.content == data, "other data by Swift than was stored by S3")
        _empty(client)
        want(NAME not in _buckets(client), "a deleted bucket is still there")
        at.sdk.identity.delete_credential(key, ignore_missing=False)
        return f"an S3 key, a bucket, {_BYTES // 1024} KiB stored and read back, by Swift too"


def _buckets(client: Any) -> list[str]:
    return [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]


def _empty(client: Any) -> None:
    """Remove the bucket and what is in it."""
    if NAME in _buckets(client):
        for each in client.list_objects_v2(Bucket=NAME).get("Contents", ()):
            client.delete_object(Bucket=NAME, Key=each["Key"])
        client.delete_bucket(Bucket=NAME)
