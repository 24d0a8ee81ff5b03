"""What probes store: made ready, audited and removed; and the S3 client of round trips, at the same server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from little_cloud import SECRET, LittleCloud

from fournines.cloud.model import Endpoint
from fournines.cloud.names import MARK
from fournines.errors import DrillError
from fournines.probes import Session, api_probe, catalogue
from fournines.prove import objects
from fournines.prove.audits import Evidence
from fournines.prove.audits import catalogue as audits
from fournines.verify.client import failures
from fournines.verify.s3 import s3

ASKING = [catalogue()["s3-get"], catalogue()["s3-put"]]


def stored(keystone: LittleCloud, number: int) -> str:
    async def run() -> str:
        async with Session(keystone.api()) as session:
            return str(await api_probe("s3-put").once(session, number))

    return asyncio.run(run())


def test_objects_are_made_ready_found_and_removed(keystone: LittleCloud) -> None:
    api = keystone.api()
    assert objects.ready(api, [catalogue()["token"]]) == 0
    assert keystone.requests == [], "no probe asks for objects"
    assert objects.ready(api, ASKING) == 0
    keys = [stored(keystone, 7)]
    assert keystone.objects is not None
    keystone.objects.update({f"old-{n}": b"" for n in range(7)})
    assert objects.lost(api, [*keys, "old-1", "never"]) == {"old-1": "other content", "never": "not there"}
    assert objects.ready(api, ASKING) == 9, "also what a drill that was killed has left"
    assert list(keystone.objects) == ["fournines-probe-read"]
    assert objects.remove(api, ASKING) == 1
    assert (keystone.objects, keystone.keys) == (None, {})
    keystone.become("error")
    with pytest.raises(DrillError, match="bucket ready: status 503"):
        objects.ready(api, ASKING)


def test_another_key_is_refused(keystone: LittleCloud) -> None:
    objects.ready(keystone.api(), ASKING)
    with pytest.raises(DrillError, match="status 401"):
        objects.lost(keystone.api(secret="another one"), ["fournines-probe-read"])


def test_the_audit(keystone: LittleCloud) -> None:
    audit, cloud = audits()["acknowledged-objects"], SimpleNamespace(services={"radosgw": None})

    def look(acknowledged: Mapping[str, tuple[str, ...]]) -> tuple[str, str]:
        return audit.look(Evidence(cloud, {}, {}, acknowledged, keystone.api()))  # pyright: ignore[reportArgumentType]

    objects.ready(keystone.api(), ASKING)
    keys = tuple(stored(keystone, number) for number in range(5))
    kept = {"write": ("a",), "s3-put": keys}
    assert look(kept) == ("ok", "all 5 read back")
    assert look({"write": ("a",)})[0] == "unknown", "a row is no object"
    assert look({"s3-put": ()})[0] == "unknown"
    assert keystone.objects is not None
    del keystone.objects[keys[2]]
    assert look(kept) == ("fail", f"of 5 acknowledged objects 1 are lost, such as {keys[2]}: not there")
    keystone.become("error")
    with pytest.raises(DrillError, match="could not read the probes' objects back: status 503"):
        look(kept)


def test_the_client_of_round_trips(keystone: LittleCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"HTTPS_PROXY": "http://127.0.0.1:1", "AWS_PROFILE": "none", "AWS_CA_BUNDLE": "/none"}.items():
        monkeypatch.setenv(name, value)
    endpoint = Endpoint("radosgw", keystone.port, "/swift/v1")
    url = f"https://127.0.0.1:{keystone.port}{endpoint.path}"
    cloud = SimpleNamespace(region="RegionOne", url=lambda _: url, endpoints={"radosgw": endpoint})  # pyright: ignore[reportUnknownLambdaType]
    at: Any = SimpleNamespace(cloud=cloud, http=SimpleNamespace(verify=keystone.ca_file), until=time.monotonic() + 20)
    objects.ready(keystone.api(), ASKING)
    client = s3(at, "radosgw", MARK, SECRET)
    client.put_object(Bucket=MARK, Key="key", Body=b"whole")
    assert client.get_object(Bucket=MARK, Key="key")["Body"].read() == b"whole"
    keystone.become("error")
    keystone.requests.clear()
    with pytest.raises(failures(), match="503"):
        client.get_object(Bucket=MARK, Key="key")
    assert len(keystone.requests) == 1, "one try"
    at.until = time.monotonic() + 0.2
    keystone.become("hang")
    with pytest.raises(failures(), match=r"[Tt]imeout"):
        s3(at, "radosgw", MARK, SECRET).get_object(Bucket=MARK, Key="key")
