"""memcached: token and identity cache, one a controller, used by that controller's daemons alone.

Remote cache servers cost a 40 s tail when one of them lost power (field notes), hence node-local.
"""

from __future__ import annotations

from collections.abc import Iterable

from fournines.cloud.model import Cloud, Host
from fournines.cloud.ports import Port
from fournines.cloud.strategies import LOCAL
from fournines.converge.resources import File, Resource, Unit
from fournines.converge.steps import Check, Tcp
from fournines.services import Options, Service
from fournines.state import Vault

_CONF = "/etc/memcached.conf"


class MemcachedOptions(Options):
    megabytes: int = 64


class Memcached(Service):
    name = "memcached"
    strategies = (LOCAL,)
    packages = ("memcached",)
    ports = (Port(11211, reach="host"),)
    options = MemcachedOptions
    log_units = ("memcached.service",)
    leaves = ()

    def resources(self, cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
        options = MemcachedOptions.model_validate(cloud.services[self.name].options)
        yield File(path=_CONF, content=f"-l 127.0.0.1\n-p 11211\n-u memcache\n-m {options.megabytes}\n-t 2\n")
        yield Unit(name="memcached.service", reads=(_CONF,))

    def health(self, cloud: Cloud, host: Host) -> Check:
        return Tcp(awaits="memcached to accept connections", address="127.0.0.1", port=11211)
