"""Removes all that the demo has made, in the order in which things let go of each other."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from fournines.cloud.model import Cloud
from fournines.cloud.names import DEMO, EXTERNAL, MARK, WATCHES
from fournines.converge.events import Event, Observer
from fournines.errors import WaitError
from fournines.state import State
from fournines.verify.client import Client, clients, failures
from fournines.verify.s3 import keys, remove_bucket, s3

BOUND = 180.0
"""Seconds until all of it must be gone."""
_STAGE = "demo"
_NAMES = f"^({DEMO}$|({MARK}|{WATCHES})-)"
"""Of guests and volumes, and how floating IPs are described. A prober that was killed leaves such in the demo's network
and on its guest."""


def remove(cloud: Cloud, state: State, observer: Observer, bound: float = BOUND) -> None:
    """Safe to repeat. Raises WaitError naming what would not go."""
    began = time.monotonic()
    observer(Event("start", _STAGE, "removing it"))
    at = clients(cloud, state.vault(), began + bound)()
    steps: tuple[Callable[[Client], None], ...] = (_guests, _volumes, _networks, _images, _bucket)
    try:
        for step in steps:
            step(at)
    except failures() as error:
        text = " ".join(str(error).split())[:400]
        raise WaitError(f"the demo is not gone: {text}", "nines status; then run it again") from error
    (state.folder / DEMO).unlink(missing_ok=True)
    observer(Event("done", _STAGE, "nothing of it is left", seconds=time.monotonic() - began))


def _guests(at: Client) -> None:
    compute = at.sdk.compute
    for server in compute.servers(name=_NAMES):
        compute.delete_server(server)
    at.wait(lambda: not list(compute.servers(name=_NAMES)), "the guest to be deleted")
    for flavor in compute.flavors():
        if flavor.name == DEMO:
            compute.delete_flavor(flavor)
    compute.delete_keypair(DEMO)


def _volumes(at: Client) -> None:
    storage = at.sdk.block_storage

    def gone() -> bool:
        left = [volume for volume in storage.volumes() if re.search(_NAMES, volume.name or "")]
        for volume in left:
            # What is on its way into another state is asked for again when it is there.
            if volume.status == "available" or volume.status.startswith("error"):
                storage.delete_volume(volume)
        return not left

    at.wait(gone, "the volumes to be deleted")


def _networks(at: Client) -> None:
    network = at.sdk.network
    for address in network.ips():
        if re.search(_NAMES, address.description or ""):
            network.delete_ip(address)
    for port in network.ports(name=DEMO):
        network.delete_port(port)
    router = network.find_router(DEMO)
    if router:
        for port in network.ports(device_id=router.id):
            # Those of VRRP and of the gateway go with the router.
            if port.device_owner in ("network:router_interface", "network:ha_router_replicated_interface"):
                network.remove_interface_from_router(router, port_id=port.id)
        network.delete_router(router)
    inside = network.find_network(DEMO)
    if inside:
        network.delete_network(inside)
    for group in network.security_groups(name=DEMO):
        network.delete_security_group(group)
    outside = network.find_network(EXTERNAL)
    if outside and not _used(network, outside.id):
        network.delete_network(outside)


def _used(network: Any, outside: str) -> bool:
    """Whether another router or floating IP is on the network outside, which then stays."""
    gateways: list[dict[str, str]] = [router.external_gateway_info or {} for router in network.routers()]
    addresses = list(network.ips(floating_network_id=outside))
    return bool(addresses) or outside in [each.get("network_id") for each in gateways]


def _images(at: Client) -> None:
    for image in at.sdk.image.images(name=DEMO):
        at.sdk.image.delete_image(image)


def _bucket(at: Client) -> None:
    for credential, access, secret in keys(at, DEMO):
        remove_bucket(s3(at, "radosgw", access, secret), DEMO)
        at.sdk.identity.delete_credential(credential)
