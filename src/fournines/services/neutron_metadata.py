"""Neutron's metadata agents: pass on what guests ask at 169.254.169.254, with a proof of who asked."""

from __future__ import annotations

from fournines.cloud.model import Cloud, Host
from fournines.cloud.strategies import LOCAL
from fournines.services import _oslo
from fournines.services._neutron_agent import OSLO, NeutronAgent
from fournines.services._oslo import Sections
from fournines.state import Vault


class NeutronMetadata(NeutronAgent):
    name = "neutron-metadata"
    roles = ("network",)
    strategies = (LOCAL,)
    binary = "neutron-metadata-agent"
    conf = "/etc/neutron/metadata_agent.ini"
    oslo = ("neutron.metadata.agent", *OSLO)
    packages = (binary,)
    log_units = (f"{binary}.service",)

    def sections(self, cloud: Cloud, host: Host, vault: Vault) -> Sections:
        nova = cloud.endpoints["nova-metadata"]
        return {
            "DEFAULT": {
                "nova_metadata_host": cloud.vip,
                "nova_metadata_port": nova.vip_port,
                "nova_metadata_protocol": "https",
                "auth_ca_cert": _oslo.CA_BUNDLE,
                "metadata_proxy_shared_secret": vault.password("nova metadata"),
                "metadata_workers": 1,
            }
        }
