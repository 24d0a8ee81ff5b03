"""cloud.yaml -> Spec: typed, its ranges written out, errors as file:line:column, all at once."""

from __future__ import annotations

from fournines.spec.loader import FurtherChecks, load_spec
from fournines.spec.model import Bmc, Disk, Host, HostSsh, Load, Network, Rack, ServiceChoice, Spec, json_schema
from fournines.spec.rates import Rate

__all__ = [
    "Bmc",
    "Disk",
    "FurtherChecks",
    "Host",
    "HostSsh",
    "Load",
    "Network",
    "Rack",
    "Rate",
    "ServiceChoice",
    "Spec",
    "json_schema",
    "load_spec",
]
