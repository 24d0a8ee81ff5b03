"""Ceph's managers: one works, another one stands by. Without one data flows on, only counting and balancing stop."""

from __future__ import annotations

from collections.abc import Iterable

from fournines.cloud.model import Cloud, Host, Needs
from fournines.cloud.ports import Port
from fournines.cloud.strategies import ACTIVE_ACTIVE, EXTERNAL
from fournines.converge.resources import Directory, File, Link, Resource, Unit
from fournines.converge.steps import Check, Step
from fournines.services import Service, _ceph
from fournines.services._ceph import CONF, LIBRARY
from fournines.services._render import on_host
from fournines.state import Vault

_UNIT = "/etc/systemd/system/ceph-mgr@.service"
_MODULES = f"{LIBRARY}/ceph-mgr-modules"
# Debian 13's Python cannot load bcrypt's Rust twice in one process, as each module would: without a stand-in every
# module fails. Only the dashboard and restful use it, and they are not here.
_PYTHON = f"{LIBRARY}/ceph-mgr-python"
_USED = (
    *("mgr_module.py", "mgr_util.py", "object_format.py"),
    *("balancer", "crash", "devicehealth", "orchestrator", "pg_autoscaler", "progress", "rbd_support", "status"),
    *("telemetry", "volumes"),
)


class CephMgr(Service):
    name = "ceph-mgr"
    roles = ("storage",)
    # Which one works is their own business.
    strategies = (ACTIVE_ACTIVE,)
    designs = (EXTERNAL,)
    needs = (Needs("ceph", "majority"),)
    at_most = 2
    ports = (Port(_ceph.MGR_PORTS[0], last=_ceph.MGR_PORTS[1], reach="links"),)
    packages = ("ceph-mgr",)
    log_units = ("ceph-mgr@*.service",)

    def resources(self, cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
        yield from _ceph.conf_files(cloud, host, vault)
        folder, entity = f"/var/lib/ceph/mgr/ceph-{host.name}", f"mgr.{host.name}"
        yield Directory(path=folder, owner="ceph", group="ceph", mode=0o750)
        yield File(
            path=f"{folder}/keyring",
            content=_ceph.keyring(vault, entity),
            owner="ceph",
            group="ceph",
            mode=0o600,
            secret=True,
        )
        yield Directory(path=_PYTHON)
        yield File(path=f"{_PYTHON}/bcrypt.py", content=on_host("ceph_mgr_bcrypt.py"))
        yield Directory(path=_MODULES)
        for name in _USED:
            yield Link(path=f"{_MODULES}/{name}", target=f"/usr/share/ceph/mgr/{name}")
        content = _ceph.daemon_unit("ceph-mgr", "Ceph's manager", environment=f"PYTHONPATH={_PYTHON}")
        yield File(path=_UNIT, content=content)
        yield Unit(name=f"ceph-mgr@{host.name}.service", reads=(CONF, _UNIT, f"{_PYTHON}/bcrypt.py"))

    def health(self, cloud: Cloud, host: Host) -> Check:
        return _ceph.answers("its Ceph manager to run", "version", "release", ("reef",), [f"mgr.{host.name}"])

    def steps(self, cloud: Cloud, vault: Vault) -> Iterable[Step]:
        caps = {"mon": "allow profile mgr", "osd": "allow *", "mds": "allow *"}
        managers = {f"mgr.{host.name}": caps for host in cloud.services[self.name].hosts}
        yield _ceph.provide(cloud, vault, self.name, users=managers)
