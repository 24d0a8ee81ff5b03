"""Neutron's servers: API, RPC, periodic work; ML2 with Open vSwitch and VXLAN. Agents are other services."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fournines.cloud.model import Cloud, Endpoint, Host, Needs
from fournines.converge.steps import Command
from fournines.services import Options, _database, _oslo
from fournines.services._database import Database
from fournines.services._openstack import BUS, NEEDS, Api, OpenStack, Worker
from fournines.services._oslo import Sections
from fournines.state import Vault

_CONF = "/etc/neutron/neutron.conf"
_ML2 = "/etc/neutron/plugins/ml2/ml2_conf.ini"
_ARGUMENTS = f"--config-file={_CONF} --config-file={_ML2}"


class NeutronOptions(Options):
    processes: int = 1
    threads: int = 8
    dhcp_agents_per_network: int = 2
    max_l3_agents_per_router: int = 3


class Neutron(OpenStack):
    """Facts: described (hosts of L3 agents that somebody described -> that description)."""

    name = user = "neutron"
    needs = (*NEEDS, BUS, Needs("nova", "any", soft=True))
    endpoints = (Endpoint("neutron", 9696, "", "network", check="/healthcheck"),)
    oslo = (
        *("neutron", "neutron.agent", "neutron.base.agent", "neutron.db", "neutron.extensions", "neutron.ml2"),
        *("nova.auth", "placement.auth", "oslo.privsep"),
        *_oslo.DAEMONS,
    )
    packages = ("neutron-api", "neutron-rpc-server", "neutron-periodic-workers")
    options = NeutronOptions
    database = Database(
        service="neutron",
        schemas=("neutron",),
        package="neutron-common",
        conf=_CONF,
        migrate=f"neutron-db-manage {_ARGUMENTS} upgrade heads",
    )
    log_units = ("neutron-api.service", "neutron-rpc-server.service", "neutron-periodic-workers.service")

    def facts(self, cloud: Cloud, host: Host) -> Command | None:
        where = "`binary` = 'neutron-l3-agent' AND description > ''"
        return _database.facts("its agents", cloud, host, "described", "neutron.agents", "description", where)

    def apis(self, cloud: Cloud) -> Iterable[Api]:
        options = NeutronOptions.model_validate(cloud.services[self.name].options)
        yield Api(
            unit="neutron-api",
            endpoint="neutron",
            application="/usr/bin/neutron-api",
            processes=options.processes,
            threads=options.threads,
            # The hash ring of its processes is told apart by when they were started.
            options={"pyargv": _ARGUMENTS, "start-time": "%t"},
        )

    def workers(self, cloud: Cloud) -> Iterable[Worker]:
        for unit in ("neutron-rpc-server", "neutron-periodic-workers"):
            yield Worker(unit=unit, command=f"/usr/bin/{unit} {_ARGUMENTS}")

    def files(self, cloud: Cloud, host: Host, vault: Vault) -> Mapping[str, Sections]:
        options = NeutronOptions.model_validate(cloud.services[self.name].options)
        tunnel = cloud.networks["tunnel"].mtu if "tunnel" in cloud.networks else cloud.networks["management"].mtu
        return {
            _CONF: {
                "DEFAULT": {
                    "use_stderr": True,
                    "host": host.name,
                    "core_plugin": "ml2",
                    "service_plugins": ["router", "segments"],
                    "transport_url": _oslo.transport_url(cloud, vault, self.name),
                    "auth_strategy": "keystone",
                    "rpc_workers": 1,
                    "rpc_state_report_workers": 0,
                    "dhcp_agents_per_network": options.dhcp_agents_per_network,
                    "l3_ha": True,
                    "max_l3_agents_per_router": options.max_l3_agents_per_router,
                    # Every router is ready on several hosts. With it the server takes a router away from an agent that
                    # is dead, cannot give it to another one (26.0), and tries again for ever: floating IPs that VRRP
                    # had moved in 3 s went dark for a minute.
                    "allow_automatic_l3agent_failover": False,
                    "global_physnet_mtu": tunnel,
                    "rpc_response_timeout": cloud.timers.rpc_response,
                    "agent_down_time": cloud.timers.agent_down,
                    "notify_nova_on_port_status_changes": True,
                    "notify_nova_on_port_data_changes": True,
                },
                "agent": {"report_interval": cloud.timers.agent_report},
                "database": _database.oslo_options(cloud, vault, self.name),
                "keystone_authtoken": _oslo.auth_token(cloud, vault, self.name),
                "nova": _oslo.client(cloud, vault, self.name),
                "placement": _oslo.client(cloud, vault, self.name),
                "oslo_concurrency": {"lock_path": "/run/lock/neutron"},
                "oslo_middleware": {"enable_proxy_headers_parsing": True},
                **_oslo.messaging(),
            },
            _ML2: {
                "ml2": {
                    "type_drivers": ["flat", "vlan", "vxlan"],
                    "tenant_network_types": "vxlan",
                    "mechanism_drivers": ["openvswitch", "l2population"],
                    "extension_drivers": "port_security",
                    "path_mtu": tunnel,
                    "physical_network_mtus": f"external:{cloud.networks['external'].mtu}"
                    if "external" in cloud.networks
                    else "",
                },
                "ml2_type_flat": {"flat_networks": "*"},
                "ml2_type_vlan": {"network_vlan_ranges": "external"},
                "ml2_type_vxlan": {"vni_ranges": "1:65536"},
                "securitygroup": {"firewall_driver": "openvswitch"},
            },
        }
