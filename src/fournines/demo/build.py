"""Makes what is missing of the demo, and waits until its guest answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from fournines.cloud.model import Cloud
from fournines.cloud.names import DEMO, EXTERNAL
from fournines.converge.events import Event, Observer
from fournines.demo import ROLES, possible
from fournines.demo.ask import answer
from fournines.demo.find import Guest
from fournines.demo.pool import free_range
from fournines.errors import NinesError, WaitError
from fournines.guest import image as guest_image
from fournines.guest.status import GuestStatus
from fournines.state import State
from fournines.verify.client import Client, TripError, clients, failures
from fournines.verify.s3 import keys, new_key, s3

BOUND = 300.0
"""Seconds until the guest must answer."""
_CIDR = "192.168.172.0/24"
_PORTS = (("icmp", None), ("tcp", 80))
_MEMORY_MB, _DISK_GB = 96, 1
_STAGE = "demo"
_POLL = 0.5
_TRIES = 4
"""Of each thing. A first router takes Neutron more than 15 s on busy cores."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Demo(Guest):
    """What stands."""

    bucket: str
    status: GuestStatus
    seconds: float
    """From the start of this run to the guest's answer."""


def build(cloud: Cloud, state: State, observer: Observer, bound: float = BOUND) -> Demo:
    """Raises NinesError where the cloud can have no guest, or says no; WaitError when it takes longer."""
    if not possible(cloud):
        raise NinesError(
            f"the cloud {cloud.name} has no guests: they need hosts of the roles {', '.join(ROLES)}",
            "take a cloud that has them, such as clouds/lab.yaml",
        )
    began = time.monotonic()
    file = guest_image.ensure(observer)
    observer(Event("start", _STAGE, "a guest with a volume, a network, a router and a floating IP"))
    at = clients(cloud, state.vault(), began + bound)()
    try:
        demo = _Building(at, state, observer, began).all(file)
    except failures() as error:
        text = " ".join(str(error).split())[:400]
        raise WaitError(f"the demo: {text}", "nines status; nines logs HOST SERVICE; then run it again") from error
    observer(Event("done", _STAGE, f"{demo.url} answers", seconds=demo.seconds))
    return demo


@dataclass(frozen=True, slots=True)
class _Building:
    at: Client
    state: State
    observer: Observer
    began: float

    def all(self, file: Path) -> Demo:
        sdk = self.at.sdk
        image = self._step("an image", lambda: self._image(file))
        volume = self._step("a volume of the image", lambda: self._volume(image))
        inside, subnet = self._step("a network", self._inside)
        group = self._step("a security group", self._group)
        self._step("a key", self._key)
        flavor = self._step("a flavor", self._flavor)
        port = self._step("a port", lambda: self._port(inside, group))
        self._await(lambda: self._filled(volume), "the volume")
        server = self._step("a guest", lambda: self._server(flavor, volume, port))
        # Its way out is made while it boots.
        outside = self._step("the network outside", self._outside)
        self._step("a router", lambda: self._router(outside, subnet))
        address, fixed = self._step("a floating IP", lambda: self._floating(outside, port))
        bucket = self._step("a bucket", self._bucket)
        self._await(lambda: self._active(server), "the guest to run")
        status = self._await(lambda: answer(address, server), f"an answer from http://{address}/")
        shown = sdk.compute.get_server(server)
        return Demo(address, fixed, server, str(shown.compute_host), bucket, status, time.monotonic() - self.began)

    def _step(self, what: str, make: Callable[[], T]) -> T:
        """Again where the cloud did not answer well: whatever it did by then is found the next time."""
        left = _TRIES
        while True:
            left -= 1
            try:
                made = make()
            except TripError:
                raise
            except failures() as error:
                if not left or time.monotonic() + _POLL > self.at.until:
                    raise
                self.observer(Event("note", _STAGE, f"{what}: again, for {' '.join(str(error).split())[:120]}"))
            else:
                self.observer(Event("note", _STAGE, f"{what}, after {time.monotonic() - self.began:.1f} s"))
                return made

    def _await(self, done: Callable[[], T | None], what: str) -> T:
        told = time.monotonic()
        while (found := done()) is None:
            now = time.monotonic()
            if now + _POLL > self.at.until:
                raise TripError(f"waited in vain for {what}")
            if now - told > 2:
                told = now
                self.observer(Event("wait", _STAGE, what, seconds=now - self.began))
            time.sleep(_POLL)
        return found

    def _image(self, file: Path) -> str:
        sdk, digest = self.at.sdk, file.parent.name
        for image in sdk.image.images(name=DEMO):
            if image.properties.get("nines_recipe") == digest and image.status == "active":
                return image.id
            # An older one may be what the standing guest's volume is a clone of: it goes with them.
            if image.status != "active":
                sdk.image.delete_image(image)
        return sdk.image.create_image(
            DEMO,
            filename=str(file),
            disk_format="raw",
            container_format="bare",
            visibility="private",
            allow_duplicates=True,
            nines_recipe=digest,
            hw_rng_model="virtio",
        ).id

    def _outside(self) -> str:
        sdk, cloud = self.at.sdk, self.at.cloud
        network = sdk.network.find_network(EXTERNAL) or sdk.network.create_network(
            name=EXTERNAL, is_router_external=True, provider_network_type="flat", provider_physical_network=EXTERNAL
        )
        if not list(sdk.network.subnets(network_id=network.id)):
            declared = cloud.networks[EXTERNAL]
            taken = [host.addresses[EXTERNAL] for host in cloud.hosts if EXTERNAL in host.addresses]
            taken += [address for address in (declared.vip, declared.gateway) if address]
            first, last = free_range(declared.cidr, taken)
            sdk.network.create_subnet(
                network_id=network.id,
                name=EXTERNAL,
                ip_version=4,
                cidr=str(declared.cidr),
                gateway_ip=str(declared.gateway) if declared.gateway else None,
                is_dhcp_enabled=False,
                allocation_pools=[{"start": str(first), "end": str(last)}],
            )
        return network.id

    def _inside(self) -> tuple[str, str]:
        sdk = self.at.sdk
        network = sdk.network.find_network(DEMO) or sdk.network.create_network(name=DEMO)
        subnet = sdk.network.find_subnet(DEMO, network_id=network.id) or sdk.network.create_subnet(
            name=DEMO, network_id=network.id, ip_version=4, cidr=_CIDR
        )
        return network.id, subnet.id

    def _router(self, outside: str, subnet: str) -> None:
        network = self.at.sdk.network
        router = network.find_router(DEMO) or network.create_router(
            name=DEMO, external_gateway_info={"network_id": outside}
        )
        linked = {ip["subnet_id"] for port in network.ports(device_id=router.id) for ip in port.fixed_ips}
        if subnet not in linked:
            network.add_interface_to_router(router, subnet_id=subnet)

    def _group(self) -> str:
        network = self.at.sdk.network
        group = network.find_security_group(DEMO) or network.create_security_group(name=DEMO)
        open_now = {(rule["protocol"], rule["port_range_min"]) for rule in group.security_group_rules}
        for protocol, port in _PORTS:
            if (protocol, port) not in open_now:
                network.create_security_group_rule(
                    security_group_id=group.id,
                    direction="ingress",
                    protocol=protocol,
                    port_range_min=port,
                    port_range_max=port,
                )
        return group.id

    def _key(self) -> None:
        """Its private half is in the state folder; one without the other is made anew."""
        compute, file = self.at.sdk.compute, self.state.folder / DEMO
        if compute.find_keypair(DEMO) and file.exists():
            return
        compute.delete_keypair(DEMO)
        private, public = _key_pair()
        compute.create_keypair(name=DEMO, public_key=public)
        file.touch(0o600)
        file.write_bytes(private)

    def _flavor(self) -> str:
        compute = self.at.sdk.compute
        flavor = compute.find_flavor(DEMO) or compute.create_flavor(name=DEMO, ram=_MEMORY_MB, vcpus=1, disk=_DISK_GB)
        return flavor.id

    def _volume(self, image: str) -> str:
        storage = self.at.sdk.block_storage
        found = next((each for each in storage.volumes(name=DEMO) if each.status not in ("error", "deleting")), None)
        return (found or storage.create_volume(name=DEMO, size=_DISK_GB, image_id=image)).id

    def _filled(self, volume: str) -> bool | None:
        status = self.at.sdk.block_storage.get_volume(volume).status
        if status == "error":
            raise TripError("the volume could not be made: see cinder-volume's log")
        return True if status in ("available", "in-use") else None

    def _port(self, inside: str, group: str) -> str:
        network = self.at.sdk.network
        port = next(iter(network.ports(name=DEMO)), None) or network.create_port(
            name=DEMO, network_id=inside, security_groups=[group]
        )
        return port.id

    def _floating(self, outside: str, port: str) -> tuple[str, str]:
        """It, and the fixed one that it leads to."""
        network = self.at.sdk.network
        found = next(iter(network.ips(port_id=port)), None) or network.create_ip(
            floating_network_id=outside, port_id=port, description=DEMO
        )
        return found.floating_ip_address, found.fixed_ip_address

    def _bucket(self) -> str:
        if "radosgw" not in self.at.cloud.services:
            return ""
        _, access, secret = next(iter(keys(self.at, DEMO)), None) or new_key(self.at, DEMO)
        s3(self.at, "radosgw", access, secret).create_bucket(Bucket=DEMO)
        return DEMO

    def _server(self, flavor: str, volume: str, port: str) -> str:
        compute = self.at.sdk.compute
        for found in compute.servers(name=f"^{DEMO}$"):
            if found.status == "SHUTOFF":
                compute.start_server(found)
            if found.status != "ERROR":
                return found.id
            compute.delete_server(found)
            self._await(lambda: True if not list(compute.servers(name=f"^{DEMO}$")) else None, "a bad guest to go")
        disk: dict[str, Any] = {"boot_index": 0, "uuid": volume, "source_type": "volume", "destination_type": "volume"}
        return compute.create_server(
            name=DEMO, flavor_id=flavor, key_name=DEMO, block_device_mapping=[disk], networks=[{"port": port}]
        ).id

    def _active(self, server: str) -> bool | None:
        shown = self.at.sdk.compute.get_server(server)
        if shown.status == "ERROR":
            fault: dict[str, str] = shown.fault or {}
            raise TripError(f"the guest could not be started: {fault.get('message', 'nobody says why')}")
        return True if shown.status == "ACTIVE" else None


def _key_pair() -> tuple[bytes, str]:
    """Both as OpenSSH has them."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    return private, key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
