"""Placement: which host has room for which guest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fournines.cloud.model import Cloud, Endpoint, Host
from fournines.services import Options, _database, _oslo
from fournines.services._database import Database
from fournines.services._openstack import NEEDS, Api, OpenStack
from fournines.services._oslo import Sections
from fournines.state import Vault

_CONF = "/etc/placement/placement.conf"


class PlacementOptions(Options):
    processes: int = 1
    threads: int = 8


class Placement(OpenStack):
    name = user = "placement"
    needs = NEEDS
    endpoints = (Endpoint("placement", 8778, "", "placement"),)
    oslo = ("placement.conf", *_oslo.LIBRARIES)
    packages = ("placement-api",)
    options = PlacementOptions
    database = Database(
        service="placement",
        schemas=("placement",),
        package="placement-common",
        conf=_CONF,
        migrate="placement-manage db sync",
    )
    log_units = ("placement-api.service",)

    def apis(self, cloud: Cloud) -> Iterable[Api]:
        options = PlacementOptions.model_validate(cloud.services[self.name].options)
        yield Api(
            unit="placement-api",
            endpoint="placement",
            application="/usr/bin/placement-api",
            processes=options.processes,
            threads=options.threads,
        )

    def files(self, cloud: Cloud, host: Host, vault: Vault) -> Mapping[str, Sections]:
        return {
            _CONF: {
                "DEFAULT": {"use_stderr": True},
                "placement_database": _database_options(cloud, vault),
                "keystone_authtoken": _oslo.auth_token(cloud, vault, self.name),
                "oslo_middleware": {"enable_proxy_headers_parsing": True},
            }
        }


def _database_options(cloud: Cloud, vault: Vault) -> Mapping[str, str | int]:
    """Placement calls one of oslo.db's options by another name."""
    options = _database.oslo_options(cloud, vault, "placement")
    return {name.replace("db_retry_interval", "retry_interval"): value for name, value in options.items()}
