"""Heat: orchestration. Runs where the spec names it: `services: {heat: {}}`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fournines.cloud.model import Cloud, Endpoint, Host
from fournines.services import Options, _database, _oslo
from fournines.services._database import Database
from fournines.services._openstack import Api, OpenStack, Worker
from fournines.services._oslo import Sections
from fournines.state import Vault

_CONF = "/etc/heat/heat.conf"


class HeatOptions(Options):
    processes: int = 1
    threads: int = 8
    engine_workers: int = 1


class Heat(OpenStack):
    name = user = "heat"
    by_default = False
    endpoints = (
        Endpoint("heat", 8004, "/v1/%(project_id)s", "orchestration", check="/healthcheck"),
        Endpoint("heat-cfn", 8000, "/v1", "cloudformation", check="/healthcheck"),
    )
    oslo = (
        *("heat.common.cache", "heat.common.config", "heat.common.context", "heat.common.crypt", "heat.common.wsgi"),
        *("heat.engine.clients", "heat.engine.clients.os.keystone.heat_keystoneclient", "heat.engine.notification"),
        *("heat.engine.resources", "oslo.cache"),
        *_oslo.DAEMONS,
    )
    packages = ("heat-api", "heat-api-cfn", "heat-engine")
    options = HeatOptions
    database = Database(
        service="heat", schemas=("heat",), package="heat-common", conf=_CONF, migrate="heat-manage db_sync"
    )
    log_units = ("heat-api.service", "heat-api-cfn.service", "heat-engine.service")

    def apis(self, cloud: Cloud) -> Iterable[Api]:
        options = self._options(cloud)
        for unit, endpoint, script in (
            ("heat-api", "heat", "/usr/bin/heat-wsgi-api"),
            ("heat-api-cfn", "heat-cfn", "/usr/bin/heat-wsgi-api-cfn"),
        ):
            yield Api(
                unit=unit,
                endpoint=endpoint,
                application=script,
                processes=options.processes,
                threads=options.threads,
            )

    def workers(self, cloud: Cloud) -> Iterable[Worker]:
        yield Worker(unit="heat-engine", command=f"/usr/bin/heat-engine --config-file={_CONF}")

    def files(self, cloud: Cloud, host: Host, vault: Vault) -> Mapping[str, Sections]:
        login = _oslo.login(cloud, vault, self.name)
        return {
            _CONF: {
                "DEFAULT": {
                    "use_stderr": True,
                    "host": host.name,
                    "transport_url": _oslo.transport_url(cloud, vault, self.name),
                    "num_engine_workers": self._options(cloud).engine_workers,
                    "auth_encryption_key": vault.password("heat encryption")[:32],
                    "heat_metadata_server_url": cloud.url("heat-cfn").removesuffix("/v1"),
                    "heat_waitcondition_server_url": f"{cloud.url('heat-cfn')}/waitcondition",
                    "region_name_for_services": cloud.region,
                    "rpc_response_timeout": cloud.timers.rpc_response,
                },
                "database": _database.oslo_options(cloud, vault, self.name),
                "keystone_authtoken": _oslo.auth_token(cloud, vault, self.name),
                # Stacks act by trusts: no domain of their own, and no passwords of users, are kept.
                "trustee": {
                    key: login[key] for key in ("auth_type", "auth_url", "username", "password", "user_domain_name")
                },
                "clients": {"ca_file": _oslo.CA_BUNDLE},
                "clients_keystone": {"auth_uri": cloud.url("keystone"), "ca_file": _oslo.CA_BUNDLE},
                "oslo_middleware": {"enable_proxy_headers_parsing": True},
                **_oslo.messaging(),
            }
        }

    def _options(self, cloud: Cloud) -> HeatOptions:
        return HeatOptions.model_validate(cloud.services[self.name].options)
