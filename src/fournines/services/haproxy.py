"""HAProxy before the APIs: ends TLS on the VIP, on every controller.

Each has the VIP on its loopback: a controller's own daemons reach every API through their own HAProxy, wherever the VIP
is, and those of a controller in standby still do. Clients reach the one of the VIP's holder, which Pacemaker chooses.
"""

from __future__ import annotations

from collections.abc import Iterable

from fournines.cloud.columns import Letter
from fournines.cloud.model import Cloud, Host, Needs
from fournines.cloud.ports import Port
from fournines.cloud.strategies import ACTIVE_BACKUP
from fournines.converge.resources import Directory, File, Resource, Sysctl, Unit
from fournines.converge.steps import Check, Http
from fournines.services import Certificate, Service, catalogue
from fournines.services._render import template
from fournines.services._tls import authority_file, pem_file
from fournines.state import Vault

HEALTH_PORT = 8404
_CFG = "/etc/haproxy/haproxy.cfg"
_DROP_IN = "/etc/systemd/system/haproxy.service.d/fournines.conf"
_CERTIFICATE = "/etc/haproxy/tls/api.pem"


class Haproxy(Service):
    name = "haproxy"
    strategies = (ACTIVE_BACKUP,)
    needs = (Needs("pacemaker", "majority"),)
    packages = ("haproxy",)
    ports = (Port(HEALTH_PORT, reach="host"),)
    log_units = ("haproxy.service",)
    leaves = ()
    primary = "vip"

    def fault_class(self, unit: str) -> Letter:
        return "B"

    def resources(self, cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
        placements = [placement for placement in cloud.services.values() if placement.endpoints]
        # The VIP on the loopback is nobody's business on the network: neither asked for nor shown in ARP.
        yield Sysctl(key="net.ipv4.conf.all.arp_ignore", value="1")
        yield Sysctl(key="net.ipv4.conf.all.arp_announce", value="2")
        # Pacemaker's agent for the VIP tells connections by it.
        yield Sysctl(key="net.ipv4.tcp_fwmark_accept", value="1")
        yield File(
            path=_CFG,
            content=template(
                "haproxy.cfg.j2",
                timers=cloud.timers,
                vip=cloud.vip,
                placements=placements,
                certificate=_CERTIFICATE,
                authority=authority_file(cloud),
                shown=_shown(cloud),
                most=_most(cloud),
            ),
        )
        yield Directory(path="/etc/haproxy/tls", mode=0o700)
        for certificate in self.certificates(cloud, host):
            yield pem_file(vault, certificate)
        yield Directory(path="/etc/systemd/system/haproxy.service.d")
        yield File(path=_DROP_IN, content=_drop_in(cloud.vip))
        yield Unit(name="haproxy.service", reads=(_DROP_IN,), reload_reads=(_CFG, _CERTIFICATE))

    def certificates(self, cloud: Cloud, host: Host) -> Iterable[Certificate]:
        yield Certificate("api", (cloud.vip,), _CERTIFICATE, _shown(cloud))

    def health(self, cloud: Cloud, host: Host) -> Check:
        return Http(awaits="the API's HAProxy to answer", url=f"http://127.0.0.1:{HEALTH_PORT}/")


def at_a_time(capacity: int) -> int:
    """How many requests a server is given that serves `capacity`: three quarters, so that a check finds a thread free.
    A server whose checks fail is then hung, not busy."""
    return max(1, capacity * 3 // 4)


def _shown(cloud: Cloud) -> int | None:
    """A port of the VIP at which the certificate is shown."""
    return next((endpoint.vip_port for endpoint in cloud.endpoints.values()), None)


def _most(cloud: Cloud) -> dict[str, str]:
    """Endpoint -> what its servers' lines say of how much to give them at a time."""
    words: dict[str, str] = {}
    for name, placement in cloud.services.items():
        for endpoint in placement.endpoints:
            capacity = catalogue()[name].capacity(cloud, endpoint.name)
            words[endpoint.name] = f" maxconn {at_a_time(capacity)}" if capacity else ""
    return words


def _drop_in(vip: str) -> str:
    # SIGUSR1: it takes no new connection, and ends when those that it has are done; then it is killed.
    return (
        "[Unit]\nStartLimitIntervalSec=0\n\n"
        f"[Service]\nExecStartPre=/sbin/ip address replace {vip}/32 dev lo scope host\n"
        "ExecStartPost=/usr/bin/touch /var/lib/fournines/haproxy-served\n"
        "Nice=-5\nKillSignal=SIGUSR1\nTimeoutStopSec=40\n"
    )
