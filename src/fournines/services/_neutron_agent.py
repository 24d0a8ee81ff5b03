"""What Neutron's agents have in common: one file of how they reach the cloud, and what the host was found to have.

None of them has a password of the database: they ask Neutron's RPC servers through the broker.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import ClassVar

from fournines.cloud.model import Cloud, Host, Needs
from fournines.converge.resources import File
from fournines.services import _oslo, openvswitch
from fournines.services._openstack import BUS, OpenStack, Worker
from fournines.services._oslo import Sections
from fournines.services._render import on_host
from fournines.state import Vault

NEUTRON = Needs("neutron", "any", soft=True, first=True)
"""Who goes on without it; nothing new is made then. An agent that starts before it hangs in requests for a minute."""
_CONF = "/etc/neutron/fournines-agent.conf"
OSLO = (
    *("neutron", "neutron.agent", "neutron.base.agent", "neutron.db", "neutron.extensions", "oslo.privsep"),
    *_oslo.DAEMONS,
)
"""Namespaces of options that all of them take."""


class NeutronAgent(OpenStack):
    """An agent on every host of its roles, under its upstream unit's name."""

    part_of = user = "neutron"
    needs = (Needs("openvswitch", "local"), BUS, NEUTRON)
    binary: ClassVar[str]
    """Name of its program and of its unit, and as Neutron's API calls it."""
    started_by: ClassVar[str | None] = None
    """A program of ours under `onhost/`, where that must not be upstream's own."""
    conf: ClassVar[str]
    """Path of its own configuration file."""

    @abstractmethod
    def sections(self, cloud: Cloud, host: Host, vault: Vault) -> Sections:
        """Content of its own file."""

    def namespaces(self, path: str) -> tuple[str, ...]:
        return OSLO if path == _CONF else self.oslo

    def files(self, cloud: Cloud, host: Host, vault: Vault) -> Mapping[str, Sections]:
        return {_CONF: _shared(cloud, host, vault), self.conf: self.sections(cloud, host, vault)}

    def workers(self, cloud: Cloud) -> Iterable[Worker]:
        files = " ".join(f"--config-file={path}" for path in (_CONF, self.conf, openvswitch.FOUND))
        program = None
        if self.started_by:
            content = f"#!/usr/bin/python3\n{on_host(self.started_by)}"
            program = File(path=f"/usr/local/lib/fournines/{self.binary}", content=content, mode=0o755)
        yield Worker(
            unit=self.binary,
            command=f"{program.path if program else f'/usr/bin/{self.binary}'} {files}",
            program=program,
            notifies=False,
            after=(openvswitch.UNIT,),
            leaves_children=True,
        )


def _shared(cloud: Cloud, host: Host, vault: Vault) -> Sections:
    return {
        "DEFAULT": {
            "use_stderr": True,
            "host": host.name,
            "state_path": "/var/lib/neutron",
            "interface_driver": "openvswitch",
            "transport_url": _oslo.transport_url(cloud, vault, "neutron"),
            "rpc_response_timeout": cloud.timers.rpc_response,
        },
        "agent": {
            "report_interval": cloud.timers.agent_report,
            "root_helper": "sudo neutron-rootwrap /etc/neutron/rootwrap.conf",
        },
        "oslo_concurrency": {"lock_path": "/run/lock/neutron"},
        **_oslo.messaging(),
    }
