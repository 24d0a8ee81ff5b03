"""Instance HA: guests of a compute host that died are started on another one, and those that crashed where they were.

One copy runs on the controllers, where Pacemaker puts it (`onhost/instance_ha.py`; its rules:
`onhost/instance_ha_rule.py`). It fences through Pacemaker, so what confirms that a host is off is the same for guests
as for the VIP. It also moves the guests, or has Masakari move them, in a cloud that has it (`masakari.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from pydantic import Field

from fournines.cloud.model import Cloud, Host, Needs
from fournines.cloud.strategies import ACTIVE_BACKUP
from fournines.converge.resources import Directory, File, Resource, Unit
from fournines.converge.steps import Command, Step
from fournines.services import Options, Remark, Said, Service, _ceph, _oslo, pacemaker
from fournines.services._render import on_host, unit
from fournines.services.compute_agent import SECRET
from fournines.state import Vault

_UNIT = "instance-ha.service"
_PROGRAM = "/usr/local/lib/fournines/instance_ha.py"
_BEFORE = ("instance_ha_rule.py", "instance_ha_apis.py")
_CONF = "/etc/fournines/instance-ha.json"
_USER = "instance-ha"
"""Of Ceph."""
_NOVA = "nova"
_CAPS = {"mon": "allow r, allow command 'osd blocklist'"}


class InstanceHaOptions(Options):
    hosts_at_a_time: int = Field(default=2, ge=1)
    """So many lost hosts are fenced and emptied at a time; others wait."""


class InstanceHa(Service):
    """Facts: runs (on this controller); where it does: hosts (a list of what it saw of each compute host), problem,
    waits (host -> why nothing is done about it yet)."""

    name = "instance-ha"
    part_of = _NOVA
    strategies = (ACTIVE_BACKUP,)
    needs = (
        Needs("pacemaker", "majority"),
        Needs("nova", "any"),
        Needs("keystone", "any"),
        *_ceph.NEEDS,
        # It waits for them, as long as it takes.
        Needs("compute-agent", "any", soft=True, first=True),
        # Deployed after the compute hosts that it is told of, which wait for this here.
        Needs("masakari", "any", soft=True, optional=True),
    )
    options = InstanceHaOptions
    packages = ()
    moved = (_UNIT,)
    log_units = (_UNIT,)

    def placed(self, hosts: tuple[Host, ...]) -> tuple[Host, ...]:
        """Nowhere in a cloud without guests."""
        return super().placed(hosts) if any("compute" in host.roles for host in hosts) else ()

    def fenced(self, cloud: Cloud) -> Iterable[Host]:
        return cloud.having("compute")

    def resources(self, cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
        yield Directory(path="/etc/fournines")
        yield Directory(path="/usr/local/lib/fournines")
        yield File(path=_PROGRAM, content=on_host("instance_ha.py", after=_BEFORE))
        yield File(path=_CONF, content=self._config(cloud, vault), mode=0o600, secret=True)
        if _ceph.used(cloud):
            yield from _ceph.client_files(cloud, host, vault, _USER, "root")
        path = f"/etc/systemd/system/{_UNIT}"
        yield File(path=path, content=_unit())
        yield Unit(name=_UNIT, enabled=False, running=None, reload_reads=(_PROGRAM, _CONF, path))

    def health(self, cloud: Cloud, host: Host) -> Command:
        return Command(
            awaits="Pacemaker to run it, and all compute hosts to be seen",
            argv=("python3", _PROGRAM, "check"),
            timeout=12,
        )

    def facts(self, cloud: Cloud, host: Host) -> Command:
        return Command(awaits="its own view", argv=("python3", _PROGRAM, "check"), timeout=12)

    def remarks(self, cloud: Cloud, facts: Mapping[str, Said]) -> Iterable[Remark]:
        for told in facts[self.name].values():
            for seen in told.get("hosts", ()):
                if seen["barred"]:
                    left = len(seen["waiting"]) + len(seen["moving"])
                    guests = f"{left} guests still to be moved" if left else "no guest is left there"
                    yield Remark(f"guests: {seen['name']} was fenced; {guests}", trouble=True)
            for host, why in told.get("waits", {}).items():
                yield Remark(f"guests: nothing is done about {host} yet: {why}", trouble=True)

    def steps(self, cloud: Cloud, vault: Vault) -> Iterable[Step]:
        if _ceph.used(cloud):
            yield _ceph.provide(cloud, vault, self.name, users={f"client.{_USER}": _CAPS})
        yield pacemaker.started(cloud, _UNIT)

    def _config(self, cloud: Cloud, vault: Vault) -> str:
        options = InstanceHaOptions.model_validate(cloud.services[self.name].options)
        login, timers, storage = _oslo.login(cloud, vault, _NOVA), cloud.timers, _ceph.used(cloud)
        hosts = cloud.having("compute")
        # A host that has disks of Ceph as well is not refused as a whole: its OSDs would be.
        refused = {
            host.name: [str(host.addresses[_ceph.network(cloud)])]
            for host in hosts
            if storage and "storage" not in host.roles
        }
        config = {
            "keystone": login["auth_url"],
            "nova": cloud.url(_NOVA),
            "masakari": cloud.url("masakari") if "masakari" in cloud.services else None,
            "user": login["username"],
            "password": login["password"],
            "ca": login["cafile"],
            "secret": vault.password(SECRET),
            "hosts": {host.name: str(host.management) for host in hosts},
            "refused": refused,
            "ceph": ["ceph", "--name", f"client.{_USER}", "--connect-timeout", "10"],
            "most": options.hosts_at_a_time,
            "interval": timers.guest_check_interval,
            "timeout": timers.guest_check_timeout,
            "fall": timers.guest_check_fall,
            "fence_timeout": timers.fence_timeout,
        }
        return json.dumps(config, indent=1) + "\n"


def _unit() -> str:
    return unit(
        "Guests of lost compute hosts are started elsewhere",
        unit=[("After", "network.target")],
        service=[
            ("ExecStart", f"/usr/bin/python3 {_PROGRAM} run"),
            ("ExecReload", "/bin/kill -HUP $MAINPID"),
            ("RuntimeDirectory", "instance-ha"),
            ("Restart", "always"),
            ("RestartSec", "1"),
        ],
        wanted_by=None,
    )
