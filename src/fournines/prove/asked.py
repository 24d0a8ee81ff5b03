"""Whom the probes of a cloud ask, and which probes there are for it."""

from __future__ import annotations

from dataclasses import replace

from fournines.cloud.model import Cloud
from fournines.probes import MARK, Api, Probe, catalogue
from fournines.state import Vault


def probes_of(cloud: Cloud) -> list[Probe]:
    """Those whose service the cloud has: in deployment order; of each service its reads first."""
    order = list(cloud.services)
    probes = [probe for probe in catalogue().values() if probe.service in cloud.services]
    return sorted(
        probes,
        key=lambda each: (order.index(each.service), each.writes or each.all_copies, each.name != "token"),
    )


def api_of(cloud: Cloud, vault: Vault) -> Api:
    """Where probes ask, as the cloud's admin, with a key for objects."""
    return replace(admin_of(cloud, vault), access=MARK, secret=vault.password("s3 key of probes"))


def admin_of(cloud: Cloud, vault: Vault) -> Api:
    """The same without that key: it makes no secret that a built cloud has not."""
    endpoints = {name: f"https://{cloud.vip}:{each.vip_port}" for name, each in cloud.endpoints.items()}
    return Api(
        endpoints=endpoints,
        ca_file=str(vault.ca_file),
        username="admin",
        password=vault.password("admin"),
        project="admin",
        region=cloud.region,
    )
