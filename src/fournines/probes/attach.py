"""A volume is made and attached to the demo's guest, until the guest can read it; then both are undone.

What a user does: one request for the volume, and when it is there one to attach it; neither is tried twice. That the
guest can read it the guest itself says, through its floating IP: what the APIs hold is looked at, and not believed.

40 s is what steps of Cinder, Nova and libvirt may take on busy hosts. It is made on request, for what it costs them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fournines.probes import GUEST, ApiProbe, Session
from fournines.probes._guests import readable
from fournines.probes._lasting import until, volume
from fournines.probes._rest import shown

_SERIAL = 20
"""Characters of a volume's id that a virtio disk shows."""


class Attach(ApiProbe):
    name = "attach"
    service = "nova"
    column = "attach"
    through = ("volume-io", "fip")
    interval_s = 35
    deadline_s = 40
    guest_path = "/cgi-bin/disks"
    lasting = True
    on_request = True

    async def once(self, session: Session, seq: int) -> str | None:
        made = await volume(session, seq)

        async def now() -> Mapping[str, Any]:
            return await shown(session, "cinder", f"/v3/volumes/{made}", "volume")

        async def available() -> bool:
            return (await now())["status"] == "available"

        await until(available, "volume", "volume", now)
        wanted = {"volumeAttachment": {"volumeId": made}}
        path = f"/v2.1/servers/{session.api.guest}/os-volume_attachments"
        (await session.request("POST", "nova", path, body=wanted, token=True)).want(200)

        async def seen() -> bool:
            return made[:_SERIAL] in readable(await session.request("GET", GUEST, self.guest_path))

        await until(seen, "disk in the guest", "volume", now)
        return None
