"""What OpenStack services have in common, so that each is one short file: APIs under uWSGI and other daemons by units
of our own, a database with its schema, a user and endpoints in Keystone's catalogue.
"""

from __future__ import annotations

import posixpath
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from fournines.cloud.columns import Letter
from fournines.cloud.model import Cloud, Host, Needs
from fournines.cloud.strategies import ACTIVE_ACTIVE
from fournines.converge.resources import Directory, File, Resource, Unit
from fournines.converge.steps import Check, Http, Step
from fournines.services import Service, _ceph, _database, _oslo, pacemaker
from fournines.services._database import Database
from fournines.services._oslo import Sections
from fournines.services._render import IniValue, ini, unit
from fournines.services._uwsgi import ARENAS, drain_program, uwsgi_ini, uwsgi_unit
from fournines.state import Vault

NEEDS = (
    *_database.NEEDS,
    Needs("haproxy", "any"),
    Needs("keystone", "any"),
    Needs("memcached", "local", soft=True),
)
"""What each of them stands on."""
BUS = Needs("rabbitmq", "majority", changes=True)

_UNITS = "/etc/systemd/system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """A WSGI application under uWSGI, behind the endpoint of that name."""

    unit: str
    """Without its suffix."""
    endpoint: str
    application: str
    """Path of its WSGI script."""
    processes: int = 1
    threads: int = 8
    """Enough that a few slow requests do not keep the load balancer's check waiting; 1 where it is not thread-safe."""
    options: Mapping[str, IniValue] = field(default_factory=dict[str, IniValue])
    """More of uWSGI's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A daemon without an API of its own, or with its own server. It tells systemd when it is ready."""

    unit: str
    """Without its suffix."""
    command: str
    notifies: bool = True
    after: tuple[str, ...] = ()
    """Units of the host that it waits for at boot."""
    requires: tuple[str, ...] = ()
    """Those that must have started, however long that takes."""
    program: File | None = None
    """One of ours that starts it, where that must not be upstream's own."""
    leaves_children: bool = False
    """What it started serves on without it, and is found again by the next one."""


class OpenStack(Service):
    """One OpenStack service on every host of its roles, all of them active."""

    strategies = (ACTIVE_ACTIVE,)
    needs = (*NEEDS, BUS)
    user: ClassVar[str]
    """Unix user of its daemons."""
    database: ClassVar[Database | None] = None
    ceph: ClassVar[tuple[_ceph.Client, ...]] = ()
    """As whom it uses Ceph, in a cloud that has it."""
    oslo: ClassVar[tuple[str, ...]]
    """Namespaces of the options in its oslo files, its own first; see `File.oslo`."""

    def apis(self, cloud: Cloud) -> Iterable[Api]:
        """Its APIs, as the spec sizes them."""
        return ()

    def workers(self, cloud: Cloud) -> Iterable[Worker]:
        """Its other daemons."""
        return ()

    @abstractmethod
    def files(self, cloud: Cloud, host: Host, vault: Vault) -> Mapping[str, Sections]:
        """Path -> content of every oslo file. All its daemons read them."""

    def namespaces(self, path: str) -> tuple[str, ...]:
        """Namespaces of the options in that file; by default `oslo`."""
        return self.oslo

    def oslo_groups(self, cloud: Cloud) -> Mapping[str, str]:
        """Section of those files that they name themselves -> the group whose options it takes."""
        return {}

    def resources(self, cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
        files = self.files(cloud, host, vault)
        reads = list(files)
        for client in self._ceph_clients(cloud):
            yield from _ceph.client_files(cloud, host, vault, client.user, self.user)
            reads += [_ceph.CONF, _ceph.keyring_path(client.user)]
        reads = list(dict.fromkeys(reads))
        groups = tuple(self.oslo_groups(cloud).items())
        for path, sections in files.items():
            yield File(
                path=path,
                content=ini(sections),
                group=self.user,
                mode=0o640,
                secret=True,
                oslo=self.namespaces(path),
                oslo_groups=groups,
            )
        if self.endpoints:
            yield from drain_program()
        ports = {endpoint.name: endpoint.port for endpoint in self.endpoints}
        for api in self.apis(cloud):
            own = f"/etc/{self.user}/fournines-{api.unit}-uwsgi.ini"
            path = f"{_UNITS}/{api.unit}.service"
            yield File(
                path=own,
                content=uwsgi_ini(
                    wsgi_file=api.application,
                    address=host.management,
                    port=ports[api.endpoint],
                    processes=api.processes,
                    threads=api.threads,
                    options=api.options,
                ),
            )
            yield File(path=path, content=uwsgi_unit(api.unit, user=self.user, ini_path=own))
            yield Unit(name=f"{api.unit}.service", reads=(*reads, own, path))
        for worker in self.workers(cloud):
            path = f"{_UNITS}/{worker.unit}.service"
            name = f"{worker.unit}.service"
            moved = self._moved(cloud, name)
            own = (path,)
            if worker.program:
                yield Directory(path=posixpath.dirname(worker.program.path))
                yield worker.program
                own = (path, worker.program.path)
            yield File(path=path, content=worker_unit(worker, self.user, reloads=moved))
            if moved:
                # Where it runs is Pacemaker's business; there it reads its files again.
                yield Unit(name=name, enabled=False, running=None, reload_reads=(*reads, *own))
            else:
                yield Unit(name=name, reads=(*reads, *own))

    def fault_class(self, unit: str) -> Letter:
        """What serves its clients itself has others of its kind; what works behind is given its work by queues."""
        return "A" if unit.endswith(("-api.service", "-api-cfn.service", "-metadata.service", "proxy.service")) else "E"

    def capacity(self, cloud: Cloud, endpoint: str) -> int | None:
        return next((api.processes * api.threads for api in self.apis(cloud) if api.endpoint == endpoint), None)

    def health(self, cloud: Cloud, host: Host) -> Check:
        if not self.endpoints:
            return _oslo.hears(cloud, [f"{worker.unit}.service" for worker in self.workers(cloud)])
        units = [f"{daemon.unit}.service" for daemon in (*self.apis(cloud), *self.workers(cloud))]
        first = self.endpoints[0]
        return Http(
            awaits=f"{self.name} to answer",
            units=tuple(unit for unit in units if not self._moved(cloud, unit)),
            url=f"http://{host.management}:{first.port}{first.check}",
            status=(200, 300),
            timeout=5,
        )

    def steps(self, cloud: Cloud, vault: Vault) -> Iterable[Step]:
        if self.database:
            yield _database.create(cloud, vault, self.database)
            yield _database.migrate(cloud, self.database)
        if clients := self._ceph_clients(cloud):
            pools = [pool for client in clients for pool in client.pools]
            users = {f"client.{client.user}": client.caps for client in clients}
            yield _ceph.provide(cloud, vault, self.name, pools=pools, users=users)
        yield from (pacemaker.started(cloud, unit) for unit in self.moved if self._moved(cloud, unit))

    def _moved(self, cloud: Cloud, unit: str) -> bool:
        """It runs where Pacemaker wants it."""
        return unit in self.moved and cloud.services[self.name].strategy.supervisor == "pacemaker"

    def _ceph_clients(self, cloud: Cloud) -> tuple[_ceph.Client, ...]:
        return self.ceph if _ceph.used(cloud) else ()


def worker_unit(worker: Worker, user: str, *, reloads: bool = False) -> str:
    """A unit for a daemon that is not under uWSGI. `reloads`: at a reload its children begin anew by the files."""
    return unit(
        worker.unit,
        unit=[
            ("After", " ".join(["network.target", *worker.after, *worker.requires])),
            *([("Requires", " ".join(worker.requires))] if worker.requires else []),
            *([("Wants", " ".join(worker.after))] if worker.after else []),
            ("StartLimitIntervalSec", "0"),
        ],
        service=[
            *([("Type", "notify"), ("NotifyAccess", "all")] if worker.notifies else []),
            ("User", user),
            ("Group", user),
            ("RuntimeDirectory", f"{user} lock/{user}"),
            # Its other daemons use them too.
            ("RuntimeDirectoryPreserve", "yes"),
            ("WorkingDirectory", f"/var/lib/{user}"),
            ("Environment", ARENAS),
            # Lasting queue names are made of the host's name and this.
            ("Environment", f"OS_OSLO_MESSAGING_RABBIT__PROCESSNAME={worker.unit}"),
            ("ExecStart", worker.command),
            *([("ExecReload", "/bin/kill -HUP $MAINPID")] if reloads else []),
            ("TimeoutStartSec", "300"),
            ("TimeoutStopSec", "30"),
            ("KillMode", "process" if worker.leaves_children else "mixed"),
            ("Restart", "always"),
            ("RestartSec", "2"),
            # Some seconds of CPU each: one that can never start must not starve the host.
            ("RestartSteps", "5"),
            ("RestartMaxDelaySec", "30"),
            ("LimitNOFILE", "65536"),
        ],
    )
