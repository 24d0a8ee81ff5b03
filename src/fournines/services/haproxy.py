"""HAProxy before the APIs: ends TLS on the VIP. Pacemaker runs it, on every controller, next to the VIP."""

from __future__ import annotations

from collections.abc import Iterable

from fournines.cloud.model import Cloud, Host, Needs
from fournines.cloud.ports import Port
from fournines.cloud.strategies import ACTIVE_BACKUP
from fournines.converge.resources import Directory, File, Resource, Sysctl, Unit
from fournines.converge.steps import Check, Http
from fournines.services import Certificate, Service
from fournines.services._render import template
from fournines.services._tls import pem_file
from fournines.state import Vault

HEALTH_PORT = 8404
_CFG = "/etc/haproxy/haproxy.cfg"
_CERTIFICATE = "/etc/haproxy/tls/api.pem"


class Haproxy(Service):
    name = "haproxy"
    strategies = (ACTIVE_BACKUP,)
    needs = (Needs("pacemaker", "majority"),)
    packages = ("haproxy",)
    ports = (Port(HEALTH_PORT, reach="host"),)
    log_units = ("haproxy.service",)

    def resources(self, cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
        placements = [placement for placement in cloud.services.values() if placement.endpoints]
        # Every HAProxy binds the VIP before it holds it.
        yield Sysctl(key="net.ipv4.ip_nonlocal_bind", value="1")
        yield File(
            path=_CFG,
            content=template(
                "haproxy.cfg.j2", timers=cloud.timers, vip=cloud.vip, placements=placements, certificate=_CERTIFICATE
            ),
        )
        yield Directory(path="/etc/haproxy/tls", mode=0o700)
        for certificate in self.certificates(cloud, host):
            yield pem_file(vault, certificate)
        # systemd must not start it: with the VIP elsewhere or no quorum, that is Pacemaker's decision.
        yield Unit(name="haproxy.service", enabled=False, running=None, reload_reads=(_CFG, _CERTIFICATE))

    def certificates(self, cloud: Cloud, host: Host) -> Iterable[Certificate]:
        port = next((endpoint.vip_port for endpoint in cloud.endpoints.values()), None)
        yield Certificate("api", (cloud.vip,), _CERTIFICATE, port)

    def health(self, cloud: Cloud, host: Host) -> Check:
        return Http(awaits="Pacemaker to start the API's HAProxy", url=f"http://127.0.0.1:{HEALTH_PORT}/")
