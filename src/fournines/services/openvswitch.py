"""Open vSwitch: the switch of a host whose guests, or whose routers, are on virtual networks.

Which datapath it has is found on the host, at each boot: see `onhost/openvswitch.py`. Its database lives in /run: all
of it is made anew, by that program and by Neutron's agent.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from fournines.cloud.columns import Letter
from fournines.cloud.model import Cloud, Host
from fournines.cloud.offers import Complaint
from fournines.cloud.ports import Port
from fournines.cloud.strategies import LOCAL
from fournines.converge.resources import Directory, File, Resource, Unit
from fournines.converge.steps import Check, Command
from fournines.services import Service
from fournines.services._render import on_host, unit
from fournines.state import Vault

EXTERNAL = "external"
EXTERNAL_BRIDGE = "br-external"
TUNNEL = "tunnel"
FOUND = "/run/fournines-found/openvswitch.conf"
"""What the host was found to have, as options of Neutron's agents; there once ovs-vswitchd runs."""
UNIT = "ovs-vswitchd.service"
_TUNNEL_BRIDGE = "br-underlay"
_VXLAN_PORT = 4789
_PROGRAM = "/usr/local/lib/fournines/openvswitch.py"
_CONFIGURATION = "/etc/fournines/openvswitch.json"
_DATABASE_UNIT = "/etc/systemd/system/ovsdb-server.service"
_SWITCH_UNIT = f"/etc/systemd/system/{UNIT}"
_SOCKET = "/run/openvswitch/db.sock"
_DATABASE = "/run/openvswitch/conf.db"
_LOGS = "-vconsole:warn -vfile:off -vsyslog:off"


class OpenVSwitch(Service):
    name = "openvswitch"
    roles = ("network", "compute")
    strategies = (LOCAL,)
    ports = (Port(_VXLAN_PORT, "udp", "links"),)
    packages = ("openvswitch-switch", "iproute2", "ethtool")
    masked = ("openvswitch-switch.service",)
    log_units = (UNIT, "ovsdb-server.service")
    primary = "router"

    def complaints(self, cloud: Cloud) -> Iterable[Complaint]:
        for host in cloud.services[self.name].hosts:
            wanted = [TUNNEL, *([EXTERNAL] if "network" in host.roles else [])]
            if missing := [network for network in wanted if network not in host.addresses]:
                roles = " and ".join(role for role in self.roles if role in host.roles)
                yield Complaint(
                    ("hosts", host.name),
                    f"hosts.{host.name}: the role {roles} needs an address on the network {' and '.join(missing)}",
                )

    def fault_class(self, unit: str) -> Letter:
        return "S" if unit == UNIT else "A"

    def resources(self, cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
        yield Directory(path="/usr/local/lib/fournines")
        yield File(path=_PROGRAM, content=on_host("openvswitch.py"), mode=0o755)
        yield File(path=_CONFIGURATION, content=_configuration(cloud, host))
        yield File(path=_DATABASE_UNIT, content=_database_unit())
        yield File(path=_SWITCH_UNIT, content=_switch_unit())
        yield Unit(name="ovsdb-server.service", reads=(_DATABASE_UNIT,))
        yield Unit(name=UNIT, reads=(_SWITCH_UNIT, _DATABASE_UNIT, _PROGRAM, _CONFIGURATION))

    def health(self, cloud: Cloud, host: Host) -> Check:
        return Command(awaits="ovs-vswitchd to answer", argv=("ovs-appctl", "-T", "5", "version"), timeout=8)


def _configuration(cloud: Cloud, host: Host) -> str:
    bridges = {_TUNNEL_BRIDGE: (TUNNEL, True)}
    if "network" in host.roles:
        bridges[EXTERNAL_BRIDGE] = (EXTERNAL, False)
    content = {
        "host": host.name,
        "bridges": {
            name: {
                "address": str(host.addresses[network]),
                "prefix": cloud.networks[network].cidr.prefixlen,
                "netdev_only": netdev_only,
            }
            for name, (network, netdev_only) in sorted(bridges.items())
        },
    }
    return json.dumps(content, indent=1) + "\n"


_ALWAYS = (
    ("Restart", "always"),
    ("RestartSec", "0.2"),
    ("LimitNOFILE", "65536"),
    ("OOMScoreAdjust", "-900"),
)


def _database_unit() -> str:
    make = f"test -e {_DATABASE} || ovsdb-tool create {_DATABASE} /usr/share/openvswitch/vswitch.ovsschema"
    return unit(
        "Open vSwitch's database",
        unit=[("Before", "network.target"), ("StartLimitIntervalSec", "0")],
        service=[
            ("Type", "simple"),
            ("RuntimeDirectory", "openvswitch"),
            ("RuntimeDirectoryPreserve", "yes"),
            ("ExecStartPre", f"/bin/sh -c '{make}'"),
            (
                "ExecStart",
                f"/usr/sbin/ovsdb-server {_DATABASE} --remote=punix:{_SOCKET} --pidfile {_LOGS}"
                " --remote=db:Open_vSwitch,Open_vSwitch,manager_options",
            ),
            ("ExecStartPost", f"/bin/sh -c 'until [ -S {_SOCKET} ]; do sleep 0.05; done'"),
            ("TimeoutStartSec", "60"),
            *_ALWAYS,
        ],
    )


def _switch_unit() -> str:
    return unit(
        "Open vSwitch",
        unit=[
            ("After", "ovsdb-server.service network-pre.target"),
            ("Requires", "ovsdb-server.service"),
            ("Before", "network.target"),
            ("StartLimitIntervalSec", "0"),
        ],
        service=[
            ("Type", "simple"),
            ("ExecStartPre", f"/usr/bin/python3 {_PROGRAM} datapath"),
            ("ExecStart", f"/usr/sbin/ovs-vswitchd unix:{_SOCKET} --pidfile {_LOGS} --mlockall"),
            ("ExecStartPost", f"/usr/bin/python3 {_PROGRAM} bridges"),
            ("TimeoutStartSec", "120"),
            ("LimitMEMLOCK", "infinity"),
            *_ALWAYS,
        ],
    )
