"""Ceph's OSDs: one a disk. Each makes its store on its disk by itself, if that is empty (`onhost/ceph_osd_store.py`).

A disk that leaves the spec is emptied first: its OSD takes no more data, its copies are made elsewhere, and only then
it ends and is forgotten. That is refused where the copies would not fit, or where too few failure domains are left.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from fournines.cloud.columns import Letter
from fournines.cloud.model import Cloud, Host, Needs, Spread
from fournines.cloud.ports import Port
from fournines.cloud.strategies import EXTERNAL, REPLICATED
from fournines.converge.resources import Directory, Disk, File, Resource, Unit
from fournines.converge.steps import Check, Command, Step
from fournines.services import Service, _ceph
from fournines.services._ceph import CONF, LIBRARY, Osd
from fournines.services._render import on_host
from fournines.spec.model import MIN_DISK_GIGABYTES
from fournines.state import Vault

_STORE = f"{LIBRARY}/ceph_osd_store.py"
_UNIT = "/etc/systemd/system/ceph-osd@.service"
_DRAIN_BOUND = 7 * 86400.0
"""Seconds. A large disk takes days, at the speed that clients leave."""


class CephOsd(Service):
    """Facts: up, down (OSDs of the host, by number), slow (what clients wait for:
    [{client, address, seconds, what}])."""

    name = "ceph-osd"
    roles = ("storage",)
    strategies = (REPLICATED,)
    designs = (EXTERNAL,)
    # Its mgr makes maps of pools and counts; blocks are read and written without.
    needs = (Needs("ceph", "majority"), Needs("ceph-mgr", "any", changes=True))
    ports = (Port(_ceph.OSD_PORTS[0], last=_ceph.OSD_PORTS[1], reach="links"),)
    packages = ("ceph-osd",)
    log_units = ("ceph-osd@*.service",)

    def fault_class(self, unit: str) -> Letter:
        return "O"

    def resources(self, cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
        own = _on(cloud, host, vault)
        for osd in own:
            ours = f"bluestore block device\n{osd.uuid}\n"
            minimum = MIN_DISK_GIGABYTES << 30
            yield Disk(path=osd.disk.path, minimum=minimum, serial=osd.disk.serial, ours=ours, wipe=osd.disk.wipe)
            if osd.disk.db:
                yield Disk(path=osd.disk.db, minimum=1 << 30, serial=None, ours=ours, wipe=osd.disk.wipe)
        yield from _ceph.conf_files(cloud, host, vault)
        yield File(path=_STORE, content=on_host("ceph_osd_store.py"))
        prepare = f"/usr/bin/python3 {_STORE} %i"
        yield File(path=_UNIT, content=_ceph.daemon_unit("ceph-osd", "Ceph's OSD", prepare))
        for osd in own:
            folder = f"/var/lib/ceph/osd/ceph-{osd.id}"
            yield Directory(path=folder, owner="ceph", group="ceph", mode=0o750)
            yield File(
                path=f"{folder}/keyring",
                content=_ceph.keyring(vault, f"osd.{osd.id}"),
                owner="ceph",
                group="ceph",
                mode=0o600,
                secret=True,
            )
            wanted = {"uuid": osd.uuid, "block": osd.disk.path, "block.db": osd.disk.db}
            yield File(path=f"{folder}/fournines.json", content=json.dumps(wanted) + "\n")
            yield Unit(name=osd.unit, reads=(CONF, _UNIT))

    def health(self, cloud: Cloud, host: Host) -> Check:
        return self._ask("its OSDs to be active", "health")

    def spread(self, cloud: Cloud) -> Spread:
        """Copies lie in different failure domains: some stand still where more than those are lost at a time."""
        chosen = _ceph.options(cloud)
        return Spread(chosen.failure_domain, chosen.size - chosen.min_size, chosen.size)

    def parts(self, cloud: Cloud, host: Host) -> Iterable[str]:
        return (disk.name for disk in host.disks)

    def facts(self, cloud: Cloud, host: Host) -> Command:
        return self._ask("its OSDs' own view", "facts")

    def _ask(self, awaits: str, what: str) -> Command:
        source = on_host("ceph_osd_facts.py", after="ceph_ask.py")
        return Command(awaits=awaits, argv=("python3", "-c", source, what), timeout=10)

    def steps(self, cloud: Cloud, vault: Vault) -> Iterable[Step]:
        found = _ceph.osds(cloud, vault)
        wanted = [{"id": osd.id, "uuid": osd.uuid, "key": _ceph.cephx(vault, f"osd.{osd.id}")} for osd in found]
        yield _ceph.ensure(cloud, "register the OSDs", {"osds": wanted})
        yield from _retire(cloud, found)


def _on(cloud: Cloud, host: Host, vault: Vault) -> list[Osd]:
    return [osd for osd in _ceph.osds(cloud, vault) if osd.host == host]


def _retire(cloud: Cloud, found: Iterable[Osd]) -> Iterable[Step]:
    """What is left of disks that the spec no longer has: emptied, ended, forgotten, in that order."""
    wanted = sorted(osd.id for osd in found)
    chosen = _ceph.options(cloud)
    mon = cloud.services["ceph"].hosts[0].name
    own = ",".join(map(str, wanted))
    domain = [chosen.failure_domain, str(chosen.size)]

    def program(name: str, *words: str, timeout: float = 20) -> Command:
        return Command(
            awaits="disks that left the spec to be empty and forgotten",
            argv=("python3", "-c", on_host(name, after="ceph_ask.py"), *words),
            timeout=timeout,
        )

    yield Step(
        name="empty disks that left the spec",
        host=mon,
        done=program("ceph_retire.py", "drained", own, *domain),
        run=program("ceph_retire.py", "drain", own, *domain, timeout=_DRAIN_BOUND),
    )
    for host in cloud.services["ceph-osd"].hosts:
        yield Step(
            # A name each: one host at a time.
            name=f"end the OSDs of disks that left {host.name}",
            host=host.name,
            done=program("ceph_osd_end.py", "ended", own),
            run=program("ceph_osd_end.py", "end", own, timeout=_DRAIN_BOUND),
        )
    yield Step(
        name="forget disks that left the spec",
        host=mon,
        done=program("ceph_retire.py", "forgotten", own, *domain),
        run=program("ceph_retire.py", "forget", own, *domain, timeout=120),
    )
