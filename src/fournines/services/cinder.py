"""Cinder: volumes. APIs and schedulers on every controller; volume managers too, where the spec names a backend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import Field

from fournines.cloud.model import Cloud, Endpoint, Host
from fournines.converge.resources import Resource, User
from fournines.services import Options, _database, _oslo, etcd
from fournines.services._database import Database
from fournines.services._openstack import BUS, NEEDS, Api, OpenStack, Worker
from fournines.services._oslo import Sections
from fournines.state import Vault

_VOLUME = Worker(unit="cinder-volume", command="/usr/bin/cinder-volume --config-file=/etc/cinder/cinder.conf")


class CinderOptions(Options):
    processes: int = 1
    threads: int = 16
    """Some wait for a scheduler that does not answer; the others must go on."""
    backends: Mapping[str, Mapping[str, str]] = Field(default_factory=dict[str, Mapping[str, str]])
    """Backend -> its options in cinder.conf, `volume_driver` among them; such as an array of yours."""


class Cinder(OpenStack):
    name = user = "cinder"
    needs = (*NEEDS, BUS, *etcd.NEEDS)
    endpoints = (Endpoint("cinder", 8776, "/v3", "volumev3", check="/healthcheck"),)
    oslo = ("cinder", "oslo.privsep", *_oslo.DAEMONS)
    packages = ("cinder-api", "cinder-scheduler", "cinder-volume", *etcd.CLIENT_PACKAGES)
    masked = ("tgt.service",)
    options = CinderOptions
    database = Database(service="cinder", schemas=("cinder",), package="cinder-common", migrate="cinder-manage db sync")
    log_units = ("cinder-api.service", "cinder-scheduler.service", "cinder-volume.service")

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
        yield Worker(unit="cinder-scheduler", command="/usr/bin/cinder-scheduler --config-file=/etc/cinder/cinder.conf")
        # It ends at once where it has no backend.
        if self._options(cloud).backends:
            yield _VOLUME

    def oslo_groups(self, cloud: Cloud) -> Mapping[str, str]:
        return dict.fromkeys(self._options(cloud).backends, "backend_defaults")

    def resources(self, cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
        yield User(name="cinder", groups=(etcd.GROUP,))
        yield from super().resources(cloud, host, vault)

    def files(self, cloud: Cloud, host: Host, vault: Vault) -> Mapping[str, Sections]:
        backends = self._options(cloud).backends
        return {
            "/etc/cinder/cinder.conf": {
                "DEFAULT": {
                    "use_stderr": True,
                    "my_ip": host.management,
                    "host": host.name,
                    # Volume managers of one cluster share their volumes: any of them serves each.
                    "cluster": cloud.name,
                    "transport_url": _oslo.transport_url(cloud, vault, self.name),
                    "enabled_backends": list(backends),
                    "rpc_response_timeout": 30,
                    "report_interval": 5,
                    "service_down_time": 20,
                    "state_path": "/var/lib/cinder",
                    "glance_api_servers": cloud.url("glance"),
                },
                "database": _database.oslo_options(cloud, vault, self.name),
                "keystone_authtoken": _oslo.auth_token(cloud, vault, self.name),
                "service_user": {"send_service_user_token": True, **_oslo.login(cloud, vault, self.name)},
                "nova": {"interface": "internal", **_oslo.client(cloud, vault, self.name)},
                "coordination": {"backend_url": etcd.tooz_url(cloud)},
                "oslo_concurrency": {"lock_path": "/run/lock/cinder"},
                "oslo_middleware": {"enable_proxy_headers_parsing": True},
                **_oslo.messaging(),
                **{name: {"volume_backend_name": name, **options} for name, options in backends.items()},
            }
        }

    def _options(self, cloud: Cloud) -> CinderOptions:
        return CinderOptions.model_validate(cloud.services[self.name].options)
