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
from collections.abc import Mapping
from typing import Any

from fournines.cloud.names import DEMO, EXTERNAL
from fournines.probes import ApiProbe, ProbeError, Session
from fournines.probes._guests import said
from fournines.probes._lasting import name_of, until
from fournines.probes._rest import listed, shown

_OF = (
    ("nova", "/v2.1/flavors", "flavors", DEMO),
    ("glance", f"/v2/images?name={DEMO}&status=active&sort=created_at:desc", "images", DEMO),
    ("neutron", f"/v2.0/networks?name={DEMO}&fields=id&fields=name", "networks", DEMO),
    ("neutron", f"/v2.0/security-groups?name={DEMO}&fields=id&fields=name", "security_groups", DEMO),
    ("neutron", f"/v2.0/networks?name={EXTERNAL}&fields=id&fields=name", "networks", EXTERNAL),
)
"""What a guest is made of: service, path, key of the list, name."""
_ANSWER_S = 2
"""For one try to reach a guest: from one that is not there yet comes nothing."""


class CreateToAnswer(ApiProbe):
    name = "create-to-answer"
    service = "nova"
    column = "create"
    through = ("volume-io", "dhcp", "fip")
    interval_s = 80
    deadline_s = 90
    lasting = True
    on_request = True

    async def once(self, session: Session, seq: int) -> str | None:
        flavor, image, network, group, outside = [await _found(session, *each) for each in _OF]
        guest = {
            "name": name_of(session, seq),
            "flavorRef": flavor,
            "imageRef": image,
            "networks": [{"uuid": network}],
            "security_groups": [{"name": group}],
        }
        server = await _made(session, "nova", "/v2.1/servers", 202, "server", guest, "id")

        async def now() -> Mapping[str, Any]:
            return await shown(session, "nova", f"/v2.1/servers/{server}", "server")

        async def port() -> str | None:
            found = await listed(session, "neutron", f"/v2.0/ports?device_id={server}&fields=id", "ports")
            return str(found[0]["id"]) if found else None

        leads = {"floating_network_id": outside, "port_id": await until(port, "port", "guest", now)}
        leads["description"] = name_of(session, seq)
        address = await _made(session, "neutron", "/v2.0/floatingips", 201, "floatingip", leads, "floating_ip_address")

        async def answer() -> bool:
            async with asyncio.timeout(_ANSWER_S):
                return said(await session.visit(address)).uuid == server

        await until(answer, f"answer from {address}", "guest", now)
        return None


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
