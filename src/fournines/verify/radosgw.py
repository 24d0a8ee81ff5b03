"""RADOS Gateway: an S3 key from Keystone; a bucket and an object by S3, the same object by Swift."""

from __future__ import annotations

import os

from fournines.verify import NAME, Client, Trip
from fournines.verify.client import want
from fournines.verify.s3 import buckets, keys, new_key, remove_bucket, s3

_BYTES = 64 * 1024
_KEY = "object"


class Radosgw(Trip):
    name = "radosgw"

    def clean(self, at: Client) -> None:
        for credential, access, secret in keys(at, NAME):
            remove_bucket(s3(at, self.name, access, secret), NAME)
            at.sdk.identity.delete_credential(credential)

    def go(self, at: Client) -> str:
        data = os.urandom(_BYTES)
        key, access, secret = new_key(at, NAME)
        client = s3(at, self.name, access, secret)
        client.create_bucket(Bucket=NAME)
        client.put_object(Bucket=NAME, Key=_KEY, Body=data)
        want(client.get_object(Bucket=NAME, Key=_KEY)["Body"].read() == data, "other data than was stored")
        # By the catalogue, and with a token: what one API stores, the other one shows.
        answer = at.sdk.object_store.get(f"/{NAME}/{_KEY}")
        want(answer.status_code == 200, f"status {answer.status_code} to Swift's GET of what was stored by S3")
        want(answer.content == data, "other data by Swift than was stored by S3")
        remove_bucket(client, NAME)
        want(NAME not in buckets(client), "a deleted bucket is still there")
        at.sdk.identity.delete_credential(key, ignore_missing=False)
        return f"an S3 key, a bucket, {_BYTES // 1024} KiB stored and read back, by Swift too"
