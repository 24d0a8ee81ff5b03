"""Cinder: volumes. APIs and schedulers on every controller; volume managers too, where the cloud has Ceph or the spec
names a backend. All managers are one cluster: any of them serves each volume, under locks in etcd. With the strategy
active-backup there is one, which Pacemaker keeps on one host: for backends whose driver cannot share. Volumes belong to
the cluster or to that one manager: a strategy is for a cloud's whole life.

Backups lie in another pool of the same Ceph: they outlive a volume, not the cluster.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import Field

from fournines.cloud.model import Cloud, Endpoint, Host
from fournines.cloud.strategies import ACTIVE_ACTIVE, ACTIVE_BACKUP
from fournines.converge.resources import Resource, User
from fournines.services import Options, _ceph, _database, _oslo, etcd
from fournines.services._database import Database
from fournines.services._openstack import BUS, NEEDS, Api, OpenStack, Worker
from fournines.services._oslo import Sections
from fournines.state import Vault

_CONF = "/etc/cinder/cinder.conf"
_CEPH = "ceph"
"""Name of the backend."""


class CinderOptions(Options):
    processes: int = 1
    threads: int = 16
    """Some wait for a scheduler that does not answer; the others must go on."""
    backends: Mapping[str, Mapping[str, str]] = Field(default_factory=dict[str, Mapping[str, str]])
    """Backend -> its options in cinder.conf, `volume_driver` among them; such as an array of yours."""


class Cinder(OpenStack):
    name = user = "cinder"
    needs = (*NEEDS, BUS, *etcd.NEEDS, *_ceph.NEEDS)
    endpoints = (Endpoint("cinder", 8776, "/v3", "volumev3", check="/healthcheck"),)
    oslo = ("cinder", "oslo.privsep", *_oslo.DAEMONS)
    strategies = (ACTIVE_ACTIVE, ACTIVE_BACKUP)
    moved = ("cinder-volume.service",)
    packages = (
        *("cinder-api", "cinder-backup", "cinder-scheduler", "cinder-volume"),
        *(*_ceph.CLIENT_PACKAGES, *etcd.CLIENT_PACKAGES),
    )
    ceph = (
        _ceph.Client("cinder", _ceph.rbd_caps("volumes", "vms", reads=["images"]), (_ceph.Pool("volumes", share=2),)),
        _ceph.Client("cinder-backup", _ceph.rbd_caps("backups"), (_ceph.Pool("backups"),)),
    )
    masked = ("tgt.service",)
    options = CinderOptions
    database = Database(
        service="cinder",
        schemas=("cinder",),
        package="cinder-common",
        conf=_CONF,
        migrate="cinder-manage db sync",
    )
    log_units = tuple(f"cinder-{daemon}.service" for daemon in ("api", "scheduler", "volume", "backup"))

    def apis(self, cloud: Cloud) -> Iterable[Api]:
        options = self._options(cloud)
        yield Api(
            unit="cinder-api",
            endpoint="cinder",
            application="/usr/bin/cinder-wsgi",
            processes=options.processes,
            threads=options.threads,
        )

    def workers(self, cloud: Cloud) -> Iterable[Worker]:
        # A volume manager ends at once where it has no backend.
        managers = ["cinder-volume"] if self._backends(cloud) else []
        for unit in ("cinder-scheduler", *managers, *(["cinder-backup"] if _ceph.used(cloud) else [])):
            yield Worker(unit=unit, command=f"/usr/bin/{unit} --config-file={_CONF}")

    def oslo_groups(self, cloud: Cloud) -> Mapping[str, str]:
        return dict.fromkeys(self._backends(cloud), "backend_defaults")

    def resources(self, cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
        yield User(name="cinder", groups=(etcd.GROUP,))
        yield from super().resources(cloud, host, vault)

    def files(self, cloud: Cloud, host: Host, vault: Vault) -> Mapping[str, Sections]:
        backends = self._backends(cloud)
        shared = cloud.services[self.name].strategy == ACTIVE_ACTIVE
        # Volume managers of one cluster share their volumes. A single one has one name wherever it runs.
        cluster: _oslo.Options = {"cluster": cloud.name} if shared else {}
        own: _oslo.Options = {} if shared else {"backend_host": cloud.name}
        if _ceph.used(cloud):
            # By which compute hosts find the key.
            backends = {**backends, _CEPH: {**backends[_CEPH], "rbd_secret_uuid": _ceph.secret_uuid(vault, "cinder")}}
        return {
            _CONF: {
                "DEFAULT": {
                    "use_stderr": True,
                    "my_ip": host.management,
                    "host": host.name,
                    **cluster,
                    "transport_url": _oslo.transport_url(cloud, vault, self.name),
                    "enabled_backends": list(backends),
                    "rpc_response_timeout": cloud.timers.rpc_response,
                    "report_interval": cloud.timers.service_report,
                    "service_down_time": cloud.timers.service_down,
                    "state_path": "/var/lib/cinder",
                    "glance_api_servers": cloud.url("glance"),
                    **(_BACKUP if _ceph.used(cloud) else {}),
                },
                "database": _database.oslo_options(cloud, vault, self.name),
                "keystone_authtoken": _oslo.auth_token(cloud, vault, self.name),
                "service_user": {"send_service_user_token": True, **_oslo.login(cloud, vault, self.name)},
                "nova": {"interface": "internal", **_oslo.client(cloud, vault, self.name)},
                "coordination": {"backend_url": etcd.tooz_url(cloud)},
                "oslo_concurrency": {"lock_path": "/run/lock/cinder"},
                "oslo_middleware": {"enable_proxy_headers_parsing": True},
                **_oslo.messaging(),
                **{name: {"volume_backend_name": name, **own, **options} for name, options in backends.items()},
            }
        }

    def _backends(self, cloud: Cloud) -> Mapping[str, _oslo.Options]:
        """The cloud's own Ceph, and those of the spec."""
        return {**({_CEPH: _RBD} if _ceph.used(cloud) else {}), **self._options(cloud).backends}

    def _options(self, cloud: Cloud) -> CinderOptions:
        return CinderOptions.model_validate(cloud.services[self.name].options)


_RBD: _oslo.Options = {
    "volume_driver": "cinder.volume.drivers.rbd.RBDDriver",
    "rbd_pool": "volumes",
    "rbd_user": "cinder",
    "rbd_ceph_conf": _ceph.CONF,
    # Asked for one by one, the sizes of many volumes take minutes.
    "rbd_exclusive_cinder_pool": True,
    "rbd_flatten_volume_from_snapshot": False,
    "rbd_max_clone_depth": 5,
    "report_discard_supported": True,
}
_BACKUP: _oslo.Options = {
    "backup_driver": "cinder.backup.drivers.ceph.CephBackupDriver",
    "backup_ceph_conf": _ceph.CONF,
    "backup_ceph_user": "cinder-backup",
    "backup_ceph_pool": "backups",
}
