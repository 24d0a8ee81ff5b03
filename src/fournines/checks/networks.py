"""Networks: links, packet sizes, who shares one, and addresses for guests."""

from __future__ import annotations

from collections.abc import Iterable

from fournines.checks import Check, Code, Design, Finding
from fournines.checks._words import listed
from fournines.services import _ceph
from fournines.services.corosync import knet_networks

_VXLAN = 50
"""Bytes that Neutron takes off for VXLAN over IPv4: 14 Ethernet, 20 IP, 8 UDP, 8 VXLAN."""
_LEAST_MTU = 1280
"""Below it IPv6 does not work (RFC 8200)."""
_USUAL_MTU = 1500
_FEW_ADDRESSES = 16

ONE_LINK = Code(
    "NET-ONE-LINK",
    "error",
    "a trunk with fewer than two switches",
    "`trunk: true` says that hosts are on the network by links to two switches at least, bonded, so that one may fail. "
    "A host with one switch is lost with it, and with its cable. Predictions and other checks believe the key. "
    "About 5 % of top-of-rack switches fail in a year (Gill 2011).",
    "Name both switches (racks.*.switches or hosts.*.switches), or take `trunk: true` off the network.",
)
MTU = Code(
    "NET-MTU",
    "warning",
    "guests' packets are smaller than usual",
    "Guests' networks are VXLAN over the tunnel network, which takes 50 bytes of each packet. With 1500 there, guests "
    "have 1450. They are told by DHCP, and most obey; containers in them, VPNs and images with a fixed 1500 send "
    "larger ones, which are dropped: a connection opens and then hangs. Below 1280 IPv6 does not work at all "
    "(RFC 8200), which is an error. In a lab 1500 is usual, so there it is a note.",
    "Set `mtu: 1550` or more for the tunnel network, such as 9000, on its switches too.",
)
STORAGE_SHARED = Code(
    "NET-STORAGE-SHARED",
    "warning",
    "storage and control share a network",
    "Without a network `storage` Ceph's daemons and clients meet on the management network. When a disk or a host is "
    "lost its copies are made anew at the speed of the network: Corosync's token, Galera's commits and the API then "
    "wait behind it. Corosync that misses its token has healthy hosts fenced, at the worst time.",
    "Declare networks.storage, and put every control, compute and storage host on it (hosts.*.networks.storage).",
)
EXTERNAL_SMALL = Code(
    "NET-EXTERNAL-SMALL",
    "warning",
    "few addresses for floating IPs",
    "Each floating IP and each router takes an address of the external network. The gateway and the network hosts have "
    "theirs. When none is left, neither routers nor floating IPs can be made, for any project.",
    "Give networks.external a larger cidr.",
)
ONE_KNET_LINK = Code(
    "NET-ONE-KNET-LINK",
    "warning",
    "Corosync has one link",
    "Corosync uses the networks that all controllers share, management first, at most two. With one, trouble there, "
    "such as a wrong VLAN or a full link, parts the members: each is taken for dead by the others and fenced, though "
    "nothing of it has failed. With two links it goes on by the other one.",
    "Put every controller on one more network, such as storage (hosts.*.networks.storage).",
)


class NetworksCheck(Check):
    name = "networks"
    codes = (ONE_LINK, MTU, STORAGE_SHARED, EXTERNAL_SMALL, ONE_KNET_LINK)

    def check(self, design: Design) -> Iterable[Finding]:
        yield from _trunks(design)
        yield from _mtu(design)
        yield from _storage(design)
        yield from _external(design)
        yield from _corosync(design)


def _trunks(design: Design) -> Iterable[Finding]:
    for network in design.cloud.networks.values():
        if not network.trunk:
            continue
        on = [host for host in design.cloud.hosts if network.name in host.addresses]
        if thin := [host for host in on if len(set(host.switches)) < 2]:
            wired = sorted({switch for host in thin for switch in host.switches})
            by = f"by switch {listed(wired)} only" if wired else "and no switch of theirs is named"
            yield ONE_LINK.found(
                f"network {network.name}",
                f"it is said to be a trunk, but {listed(host.name for host in thin)} of its {len(on)} hosts "
                f"{'are' if len(thin) > 1 else 'is'} on it {by}: the loss of one switch cuts them off",
                ("networks", network.name, "trunk"),
            )


def _mtu(design: Design) -> Iterable[Finding]:
    if not design.hosts_of("neutron-openvswitch"):
        return
    networks = design.cloud.networks
    # As Neutron is told it.
    carrier = networks.get("tunnel") or networks["management"]
    guests = carrier.mtu - _VXLAN
    if guests >= _USUAL_MTU:
        return
    if guests < _LEAST_MTU:
        severity, then = "error", f"IPv6 needs {_LEAST_MTU}, and many programs of IPv4 count on as much"
    else:
        severity = "note" if design.cloud.provider == "lab" else "warning"
        then = f"what counts on {_USUAL_MTU} sends packets that are dropped, and its connections hang"
    yield MTU.found(
        f"network {carrier.name}",
        f"packets of {carrier.mtu} bytes leave guests {guests}, for VXLAN takes {_VXLAN}: {then}",
        ("networks", carrier.name, "mtu"),
        fix=f"Set networks.{carrier.name}.mtu to {_USUAL_MTU + _VXLAN} or more, such as 9000, on its switches too.",
        severity=severity,
    )


def _storage(design: Design) -> Iterable[Finding]:
    if not _ceph.used(design.cloud) or _ceph.network(design.cloud) != "management":
        return
    hosts = design.hosts_of("ceph-osd")
    disks = sum(len(host.disks) for host in hosts)
    yield STORAGE_SHARED.found(
        "network management",
        f"{disks} disks of {len(hosts)} storage hosts are written, and copied anew after a loss, over the network of "
        "Corosync, Galera and the API: those then wait, and Corosync may take healthy hosts for dead",
        ("networks",),
    )


def _external(design: Design) -> Iterable[Finding]:
    external = design.cloud.networks.get("external")
    if external is None or not design.hosts_of("neutron-l3"):
        return
    own = sum("external" in host.addresses for host in design.cloud.hosts) + (external.gateway is not None)
    left = max(0, external.cidr.num_addresses - 2 - own)
    computes = len(design.hosts_of("nova-compute"))
    if left >= max(_FEW_ADDRESSES, computes):
        return
    against = f", for {computes} compute hosts" if computes > left else ""
    yield EXTERNAL_SMALL.found(
        "network external",
        f"{external.cidr} has {left} addresses left for routers and floating IPs ({own} are the gateway's and the "
        f"hosts'){against}: then no more routers and floating IPs can be made",
        ("networks", "external", "cidr"),
    )


def _corosync(design: Design) -> Iterable[Finding]:
    members = design.hosts_of("corosync")
    if len(members) < 2:
        return
    first, *others = knet_networks(design.cloud, members)
    if others:
        return
    trunk = design.cloud.networks[first].trunk
    bond = "; its links are doubled, its VLAN and its load are not" if trunk else ""
    yield ONE_KNET_LINK.found(
        "corosync",
        f"{listed(host.name for host in members)} share the network {first} only{bond}: trouble on it parts them, "
        "and healthy hosts are fenced",
        ("networks",) if len(design.cloud.networks) == 1 else ("hosts", members[0].name, "networks"),
        severity="note" if trunk else None,
    )
