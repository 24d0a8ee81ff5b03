"""A guest is made, and its first answer awaited through a floating IP of its own; then both are removed.

What a user does: what it is to be made of is looked up by name, the demo's; then there is one request for the guest
and one for the address. None of these is tried twice. Whether they have come about is looked at once a second, and such
a look that fails is no failure, for users wait too; a guest that Nova gives up is one, at once. Its disk is a clone of
the image.

90 s are the field notes'. So are starts every 10 s, but guests whose processor is emulated and who boot side by side on
two cores keep each other, and everything else, from answering. One that answers does so before the next begins. It is
made on request, for the same reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from fournines.demo import EXTERNAL, NAME
from fournines.probes import ApiProbe, ProbeError, Session
from fournines.probes._guests import POLL_S, remove, said, saying, seen
from fournines.probes._rest import listed

_OF = (
    ("nova", "/v2.1/flavors", "flavors", NAME),
    ("glance", f"/v2/images?name={NAME}&status=active&sort=created_at:desc", "images", NAME),
    ("neutron", f"/v2.0/networks?name={NAME}&fields=id&fields=name", "networks", NAME),
    ("neutron", f"/v2.0/security-groups?name={NAME}&fields=id&fields=name", "security_groups", NAME),
    ("neutron", f"/v2.0/networks?name={EXTERNAL}&fields=id&fields=name", "networks", EXTERNAL),
)
"""What a guest is made of: service, path, key of the list, name."""
_ANSWER_S = 2
"""For one try to reach a guest: from one that is not there yet comes nothing."""
T = TypeVar("T")


class CreateToAnswer(ApiProbe):
    name = "create-to-answer"
    service = "nova"
    column = "create"
    through = ("volume-io", "dhcp", "fip")
    interval_s = 80
    deadline_s = 90
    makes_guests = True
    on_request = True

    async def once(self, session: Session, seq: int) -> str | None:
        name = _name(session, seq)
        flavor, image, network, group, outside = [await _found(session, *each) for each in _OF]
        guest = {
            "name": name,
            "flavorRef": flavor,
            "imageRef": image,
            "networks": [{"uuid": network}],
            "security_groups": [{"name": group}],
        }
        server = await _made(session, "nova", "/v2.1/servers", 202, "server", guest, "id")

        async def port() -> str | None:
            found = await listed(session, "neutron", f"/v2.0/ports?device_id={server}&fields=id", "ports")
            return str(found[0]["id"]) if found else None

        leads = {"floating_network_id": outside, "port_id": await _until(session, server, port, "port")}
        leads["description"] = name
        address = await _made(session, "neutron", "/v2.0/floatingips", 201, "floatingip", leads, "floating_ip_address")

        async def answer() -> bool:
            async with asyncio.timeout(_ANSWER_S):
                return said(await session.visit(address)).uuid == server

        await _until(session, server, answer, f"answer from {address}")
        return None

    async def undo(self, session: Session, seq: int) -> None:
        await remove(session, f"^{_name(session, seq)}$")


def _name(session: Session, seq: int) -> str:
    return f"{session.api.guests}-{seq}"


async def _found(session: Session, service: str, path: str, key: str, name: str) -> str:
    """Id of the first of that name. Raises ProbeError also when there is none."""
    for each in await listed(session, service, path, key):
        if each["name"] == name:
            return str(each["id"])
    raise ProbeError("no demo", f"none of the {key} is {name}: nines demo makes it")


async def _made(
    session: Session, service: str, path: str, status: int, key: str, wanted: Mapping[str, Any], told: str
) -> str:
    """POST: that status, and what the object is `told` under that key."""
    answer = await session.request("POST", service, path, body={key: wanted}, token=True)
    found = answer.want(status).object(key).get(told)
    if not found:
        raise ProbeError("body", f"a {key} without {told}")
    return str(found)


async def _until(session: Session, server: str, look: Callable[[], Awaitable[T]], what: str) -> T:
    """What the look shows when it shows anything. Raises ProbeError when the guest comes to nothing."""
    state = "not seen"
    with saying(lambda: f"no {what}, the guest was {state}"):
        while True:
            found, shown = await asyncio.gather(seen(look), seen(lambda: _shown(session, server)))
            if found:
                return found
            state = str(shown.get("status")) if shown else state
            if state == "ERROR":
                fault: Mapping[str, Any] = shown.get("fault") or {} if shown else {}
                raise ProbeError("guest ERROR", str(fault.get("message", "nobody says why")))
            await asyncio.sleep(POLL_S)


async def _shown(session: Session, server: str) -> Mapping[str, Any]:
    return (await session.request("GET", "nova", f"/v2.1/servers/{server}", token=True)).want(200).object("server")
