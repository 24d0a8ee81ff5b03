"""Nova's control plane: API, metadata, conductor, scheduler, console proxy; cells v2 with cell0 and one cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from fournines.cloud.model import Cloud, Endpoint, Host, Needs
from fournines.converge.steps import Command, Step
from fournines.services import Options, _administrator, _ceph, _database, _oslo
from fournines.services._database import Database
from fournines.services._openstack import BUS, NEEDS, Api, OpenStack, Worker
from fournines.services._oslo import Sections
from fournines.state import Vault

_CONF = "/etc/nova/nova.conf"
_CELL0 = "00000000-0000-0000-0000-000000000000"
_CONSOLE = 6080
_DEFAULT_ZONE = "nova"


class NovaOptions(Options):
    api_processes: int | None = None
    """Each of them serves one request at a time: Nova's API has green threads, not real ones. Default 4; 1 in a lab."""
    metadata_processes: int = 1
    conductor_workers: int = 1
    scheduler_workers: int = 1


class Nova(OpenStack):
    """Facts: disabled (compute hosts that get no new guests -> the reason that was given)."""

    name = user = "nova"
    needs = (
        *NEEDS,
        BUS,
        *_ceph.NEEDS,
        Needs("placement", "any"),
        Needs("glance", "any", soft=True),
        Needs("neutron", "any", soft=True),
        Needs("cinder", "any", soft=True),
    )
    endpoints = (
        Endpoint("nova", 8774, "/v2.1", "compute", check="/healthcheck"),
        # Network hosts pass on what guests ask.
        Endpoint("nova-metadata", 8775, public=False, check="/healthcheck"),
        # It forks for each connection.
        Endpoint(
            "nova-novncproxy",
            _CONSOLE,
            "/vnc_auto.html",
            check="/vnc_auto.html",
            check_every_s=10,
            idle_s=3600,
            keep_alive=True,
        ),
    )
    oslo = ("nova.conf", "oslo.cache", "oslo.limit", "oslo.privsep", *_oslo.DAEMONS)
    packages = ("nova-api", "nova-conductor", "nova-scheduler", "nova-consoleproxy")
    masked = ("nova-serialproxy.service", "nova-spicehtml5proxy.service")
    options = NovaOptions
    database = Database(
        service="nova",
        schemas=("nova_api", "nova", "nova_cell0"),
        package="nova-common",
        conf=_CONF,
        # Cell0 has the schema of every cell: copied, which takes seconds and not half a minute.
        migrate="nova-manage api_db sync && nova-manage db sync --local_cell",
        # By its mapping, it upgrades cell0 too.
        upgrade="nova-manage api_db sync && nova-manage db sync",
        copies={"nova": "nova_cell0"},
    )
    log_units = tuple(
        f"nova-{daemon}.service" for daemon in ("api", "api-metadata", "conductor", "scheduler", "novncproxy")
    )

    def facts(self, cloud: Cloud, host: Host) -> Command | None:
        where = "`binary` = 'nova-compute' AND disabled AND NOT deleted"
        return _database.facts("its hosts", cloud, host, "disabled", "nova.services", "disabled_reason", where)

    def apis(self, cloud: Cloud) -> Iterable[Api]:
        options = self._options(cloud)
        yield Api(
            unit="nova-api",
            endpoint="nova",
            application="/usr/bin/nova-api-wsgi",
            processes=options.api_processes or (1 if cloud.provider == "lab" else 4),
            threads=1,
        )
        yield Api(
            unit="nova-api-metadata",
            endpoint="nova-metadata",
            application="/usr/bin/nova-metadata-wsgi",
            processes=options.metadata_processes,
            threads=1,
        )

    def workers(self, cloud: Cloud) -> Iterable[Worker]:
        for unit in ("nova-conductor", "nova-scheduler"):
            yield Worker(unit=unit, command=f"/usr/bin/{unit} --config-file={_CONF}")
        yield Worker(unit="nova-novncproxy", command=f"/usr/bin/nova-novncproxy --config-file={_CONF}", notifies=False)

    def steps(self, cloud: Cloud, vault: Vault) -> Iterable[Step]:
        yield from super().steps(cloud, vault)
        if _ceph.used(cloud):
            # Guests' disks; who is on a compute host uses them.
            pools, caps = [_ceph.Pool("vms", share=2)], _ceph.rbd_caps("vms", "volumes", reads=["images"])
            yield _ceph.provide(cloud, vault, self.name, pools=pools, users={"client.nova": caps})
        yield _map_cells(cloud)
        if not cloud.having("compute"):
            yield aggregates(cloud, vault)

    def files(self, cloud: Cloud, host: Host, vault: Vault) -> Mapping[str, Sections]:
        options, own = self._options(cloud), daemon(cloud, host, vault)
        return {
            _CONF: {
                "DEFAULT": own["DEFAULT"],
                "api_database": _database.oslo_options(cloud, vault, self.name, "nova_api"),
                "database": _database.oslo_options(cloud, vault, self.name),
                "cache": {
                    "enabled": True,
                    "backend": "oslo_cache.memcache_pool",
                    "memcache_servers": _oslo.MEMCACHED,
                    "memcache_dead_retry": 30,
                    "memcache_socket_timeout": 1.0,
                },
                "conductor": {"workers": options.conductor_workers},
                "scheduler": {"workers": options.scheduler_workers, "discover_hosts_in_cells_interval": 60},
                "keystone_authtoken": _oslo.auth_token(cloud, vault, self.name),
                **own,
                "neutron": {
                    **own["neutron"],
                    "service_metadata_proxy": True,
                    "metadata_proxy_shared_secret": vault.password("nova metadata"),
                },
                "vnc": {"novncproxy_host": host.management, "novncproxy_port": _CONSOLE, **own["vnc"]},
                "oslo_middleware": {"enable_proxy_headers_parsing": True},
                **_oslo.messaging(),
            }
        }

    def _options(self, cloud: Cloud) -> NovaOptions:
        return NovaOptions.model_validate(cloud.services[self.name].options)


def daemon(cloud: Cloud, host: Host, vault: Vault) -> Sections:
    """What each of Nova's daemons is told, on controllers and on compute hosts; the broker aside."""
    user = Nova.name
    return {
        "DEFAULT": {
            "use_stderr": True,
            "my_ip": host.management,
            "host": host.name,
            "transport_url": _oslo.transport_url(cloud, vault, user),
            "state_path": "/var/lib/nova",
            "report_interval": cloud.timers.service_report,
            "service_down_time": cloud.timers.service_down,
            "rpc_response_timeout": cloud.timers.rpc_response,
        },
        "service_user": {"send_service_user_token": True, **_oslo.login(cloud, vault, user)},
        "placement": _oslo.client(cloud, vault, user),
        "glance": {"region_name": cloud.region, "cafile": _oslo.CA_BUNDLE, "num_retries": 3},
        "neutron": _oslo.client(cloud, vault, user),
        "cinder": {**_oslo.login(cloud, vault, user), "os_region_name": cloud.region},
        "vnc": {
            "novncproxy_base_url": cloud.url("nova-novncproxy"),
            "server_listen": host.management,
            "server_proxyclient_address": host.management,
        },
        "oslo_concurrency": {"lock_path": "/run/lock/nova"},
    }


def _map_cells(cloud: Cloud) -> Step:
    """Cell0 and the one cell, by templates that each daemon fills from its own nova.conf: no password is in them."""
    brokers = len(cloud.services["rabbitmq"].hosts)
    numbers = [""] if brokers == 1 else [str(number) for number in range(1, brokers + 1)]
    members = ",".join(f"{{username{n}}}:{{password{n}}}@{{hostname{n}}}:{{port{n}}}" for n in numbers)
    database = "{scheme}://{username}:{password}@{hostname}:{port}"
    cells = {
        "cell0": (_CELL0, "none:///", f"{database}/nova_cell0?{{query}}"),
        cloud.cell: ("UUID()", f"{{scheme}}://{members}/{{path}}", f"{database}/{{path}}?{{query}}"),
    }
    wanted = " OR ".join(
        f"(name = '{name}' AND transport_url = '{transport}' AND database_connection = '{connection}')"
        for name, (_, transport, connection) in cells.items()
    )
    made = "".join(
        f"UPDATE cell_mappings SET transport_url = '{transport}', database_connection = '{connection}'"
        f" WHERE name = '{name}';"
        "INSERT INTO cell_mappings (created_at, uuid, name, transport_url, database_connection, disabled)"
        f" SELECT NOW(), {uuid if uuid == 'UUID()' else repr(uuid)}, '{name}', '{transport}', '{connection}', FALSE"
        f" FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM cell_mappings WHERE name = '{name}');"
        for name, (uuid, transport, connection) in cells.items()
    )
    return Step(
        name="map cell0 and the cell",
        host=cloud.services["galera"].hosts[0].name,
        when="before",
        done=_database.sql(
            "the cells", f"USE nova_api; SELECT count(*) FROM cell_mappings WHERE {wanted}", str(len(cells))
        ),
        run=Command(awaits="", argv=("mariadb", "nova_api"), stdin=made),
    )


def aggregates(cloud: Cloud, vault: Vault) -> Step:
    """A host aggregate for each rack, with its availability zone; Nova's own default zone needs no word."""
    racks: dict[str, dict[str, object]] = {}
    for host in cloud.hosts:
        if host.rack:
            zone = None if host.zone == _DEFAULT_ZONE else host.zone
            compute = [other.name for other in cloud.having("compute") if other.rack == host.rack]
            racks[host.rack] = {"zone": zone, "hosts": compute}
    queries = ["SELECT 0 WHERE FALSE"]
    for rack, wanted in racks.items():
        zone = f"'{wanted['zone']}'" if wanted["zone"] else "NULL"
        names = ", ".join(f"'{name}'" for name in ("", *cast("list[str]", wanted["hosts"])))
        # One row for whatever differs: no such aggregate, another zone, a known host that it lacks or should not have.
        queries += [
            f"SELECT 1 FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM nova_api.aggregates WHERE name = '{rack}')",
            "SELECT 1 FROM nova_api.aggregates a LEFT JOIN nova_api.aggregate_metadata m ON m.aggregate_id = a.id"
            f" AND m.key = 'availability_zone' WHERE a.name = '{rack}' AND NOT (m.value <=> {zone})",
            "SELECT 1 FROM nova.services s WHERE s.binary = 'nova-compute' AND s.deleted = 0"
            f" AND s.host IN ({names}) AND s.host NOT IN (SELECT h.host FROM nova_api.aggregate_hosts h"
            f" JOIN nova_api.aggregates a ON a.id = h.aggregate_id WHERE a.name = '{rack}')",
            "SELECT 1 FROM nova_api.aggregate_hosts h JOIN nova_api.aggregates a ON a.id = h.aggregate_id"
            f" WHERE a.name = '{rack}' AND h.host NOT IN ({names})",
        ]
    return _administrator.step(
        cloud,
        vault,
        name="make host aggregates of the racks",
        done=_administrator.alike("aggregates", queries),
        program="nova_aggregates.py",
        nova=_administrator.url(cloud, Nova.name),
        racks=racks,
    )
