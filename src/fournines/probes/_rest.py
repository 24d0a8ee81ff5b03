"""The requests that most probes make."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from fournines.probes._http import ProbeError, Session


async def listed(session: Session, service: str, path: str, key: str) -> list[dict[str, Any]]:
    """GET: 200 with a list under that key; the list. Raises as `ApiProbe.once`."""
    answer = (await session.request("GET", service, path, token=True)).want(200)
    found = answer.object().get(key)
    if not isinstance(found, list):
        raise ProbeError("body", f"no list at {key}")
    return cast("list[dict[str, Any]]", found)


async def shown(session: Session, service: str, path: str, key: str) -> Mapping[str, Any]:
    """GET: 200 with an object under that key; the object. Raises as `ApiProbe.once`."""
    return (await session.request("GET", service, path, token=True)).want(200).object(key)


async def made(session: Session, service: str, path: str, wanted: Mapping[str, Any], status: int, key: str = "") -> str:
    """POST: that status with an object, under that key if any, of the name that was sent; its id.

    Raises as `ApiProbe.once`.
    """
    keys = (key,) if key else ()
    answer = await session.request("POST", service, path, body={key: wanted} if key else wanted, token=True)
    got = answer.want(status).object(*keys)
    if not got.get("id") or got.get("name") != wanted["name"]:
        raise ProbeError("body", "not what was sent")
    return str(got["id"])
