"""Nova: every daemon up; a keypair and a flavor; and a server for which no host can have room.

That server needs no compute host, and yet a conductor and a scheduler, which asks Placement: it must end in cell0 with
the scheduler's own words.
"""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fournines.verify import NAME, Client, Trip
from fournines.verify.client import all_up, want

_SERVER = f"{NAME}-no-room"
"""Also of its image: the one of Glance's own round trip is another."""
_ENOUGH = "1000000000"
_CONTROL = ("nova-conductor", "nova-scheduler")
_COMPUTE = "nova-compute"


class Nova(Trip):
    name = "nova"

    def clean(self, at: Client) -> None:
        compute = at.sdk.compute
        for server in compute.servers(details=False, name=f"^{_SERVER}$"):
            compute.delete_server(server)
        at.wait(lambda: not list(compute.servers(details=False, name=f"^{_SERVER}$")), "a server to be deleted")
        for flavor in compute.flavors(details=False, is_public=None):
            if flavor.name == NAME:
                compute.delete_flavor(flavor)
        compute.delete_keypair(NAME)
        for image in at.sdk.image.images(name=_SERVER):
            at.sdk.image.delete_image(image)

    def go(self, at: Client) -> str:
        compute, image = at.sdk.compute, at.sdk.image
        wanted = [(binary, host.name) for host in at.cloud.services[self.name].hosts for binary in _CONTROL]
        if _COMPUTE in at.cloud.services:
            wanted += [(_COMPUTE, host.name) for host in at.cloud.services[_COMPUTE].hosts]
        up = all_up(compute.services(), wanted)
        key = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        compute.create_keypair(name=NAME, public_key=key.decode())
        want(compute.get_keypair(NAME).public_key.strip() == key.decode(), "not the keypair that was made")
        flavor = compute.create_flavor(name=NAME, ram=64, vcpus=1, disk=1, is_public=False)
        compute.create_flavor_extra_specs(flavor, {"resources:VCPU": _ENOUGH})
        made = image.create_image(
            _SERVER, data=b"\0", disk_format="raw", container_format="bare", visibility="private", allow_duplicates=True
        )
        server = compute.create_server(name=_SERVER, flavor_id=flavor.id, image_id=made.id, networks="none")
        at.wait(lambda: compute.get_server(server.id).status == "ERROR", "the scheduler to find no host")
        fault: dict[str, Any] = compute.get_server(server.id).fault or {}
        want("No valid host" in fault.get("message", ""), f"a server that fits nowhere ended with {fault}")
        self.clean(at)
        return f"{up}; a keypair, a flavor, a server that no host has room for"
