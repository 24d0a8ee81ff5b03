"""Corosync: membership and quorum among the controllers, encrypted, over knet."""

from __future__ import annotations

import base64
from collections.abc import Iterable

from fournines.cloud.columns import Letter
from fournines.cloud.model import Cloud, Host, Spread
from fournines.cloud.ports import Port
from fournines.cloud.strategies import QUORUM
from fournines.converge.resources import File, Resource, Unit
from fournines.converge.steps import Check, Command
from fournines.services import Service, VoterOptions
from fournines.services._render import template
from fournines.state import Vault

_CONF = "/etc/corosync/corosync.conf"
_KEY = "/etc/corosync/authkey"


class Corosync(Service):
    """One knet link a network that all members share, management first: losing one network loses no member."""

    name = "corosync"
    strategies = (QUORUM,)
    packages = ("corosync",)
    ports = (Port(5405, "udp", "links"),)
    options = VoterOptions
    log_units = ("corosync.service",)
    leaves = ()
    primary = "vip"

    def fault_class(self, unit: str) -> Letter:
        return "D"

    def resources(self, cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
        hosts = cloud.services[self.name].hosts
        yield File(
            path=_CONF,
            content=template(
                "corosync.conf.j2", cloud=cloud, timers=cloud.timers, hosts=hosts, links=knet_networks(cloud, hosts)
            ),
        )
        # Corosync takes the key as raw bytes; base64 text is as good a key, and travels as text.
        yield File(
            path=_KEY,
            content=base64.b64encode(vault.key("corosync", 96)).decode(),
            mode=0o400,
            secret=True,
        )
        yield Unit(name="corosync.service", reads=(_CONF, _KEY))

    def spread(self, cloud: Cloud) -> Spread:
        """Of two, one may go on by itself once it has fenced the other: `two_node` in the template."""
        two = len(cloud.services[self.name].hosts) == 2
        return Spread("host", 1) if two else super().spread(cloud)

    def health(self, cloud: Cloud, host: Host) -> Check:
        members = len(cloud.services[self.name].hosts)
        # Quorate is not enough between two rolling restarts: the members restarted before must be back.
        return Command(
            awaits=f"Corosync to be quorate with all {members} members",
            argv=(
                "sh",
                "-c",
                "corosync-quorumtool -s 2>&1 | awk '/^Quorate/{q=$2} /^Total votes/{v=$3} "
                f'END{{print "quorate " q ", votes " v; exit !(q=="Yes" && v>={members})}}\'',
            ),
        )


def knet_networks(cloud: Cloud, hosts: Iterable[Host]) -> tuple[str, ...]:
    """Networks that every member is on, management first, at most two: a link a failure domain is enough."""
    common = [name for name in cloud.networks if all(name in host.addresses for host in hosts)]
    ordered = sorted(common, key=lambda name: (name != "management", name != "storage", name))
    return tuple(ordered[:2])
