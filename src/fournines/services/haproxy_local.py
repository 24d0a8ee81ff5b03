"""HAProxy on each controller, under systemd: 127.0.0.1 leads to services whose strategy says `proxy`.

What it leads to and how, each of those services says itself (`Service.proxy`). Apart from the API's HAProxy on
purpose: Pacemaker may stop that one (standby) while the host's own daemons still need their database.
"""

from __future__ import annotations

from collections.abc import Iterable

from fournines.cloud.model import Cloud, Host, Placement
from fournines.cloud.ports import Port, Proxy
from fournines.cloud.strategies import LOCAL
from fournines.converge.resources import File, Resource, Unit
from fournines.converge.steps import Check, Command, Http
from fournines.services import Service, catalogue
from fournines.services._render import template, unit
from fournines.state import Vault

HEALTH_PORT = 8405
_HEALTH = f"http://127.0.0.1:{HEALTH_PORT}/"
_CFG = "/etc/haproxy/local.cfg"
_UNIT = "/etc/systemd/system/haproxy-local.service"
_FACTS = f"import urllib.request; print(urllib.request.urlopen('{_HEALTH}', timeout=2).read().decode())"


class HaproxyLocal(Service):
    """Facts: service -> how many of its members would be given a connection now (with one writer, 1 at most).

    It needs none of those services, and is healthy without them: who needs one of them says so itself.
    """

    name = "haproxy-local"
    strategies = (LOCAL,)
    packages = ("haproxy",)
    ports = (Port(HEALTH_PORT, reach="host"),)
    log_units = ("haproxy-local.service",)
    leaves = ()

    def resources(self, cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
        yield File(
            path=_CFG,
            content=template(
                "haproxy-local.cfg.j2", timers=cloud.timers, proxied=proxied(cloud), health_port=HEALTH_PORT
            ),
        )
        yield File(path=_UNIT, content=_unit())
        yield Unit(name="haproxy-local.service", reads=(_UNIT,), reload_reads=(_CFG,))

    def health(self, cloud: Cloud, host: Host) -> Check:
        return Http(awaits="the host's own proxy to answer", url=_HEALTH)

    def facts(self, cloud: Cloud, host: Host) -> Command:
        return Command(awaits="the host's own proxy", argv=("python3", "-ISc", _FACTS), timeout=5)


def proxied(cloud: Cloud) -> tuple[tuple[Placement, Proxy], ...]:
    """Services of this cloud that are reached so, each with how, by name."""
    return tuple(
        (cloud.services[name], service.proxy)
        for name, service in catalogue().items()
        if service.proxy and name in cloud.services and cloud.services[name].strategy.reach == "proxy"
    )


def _unit() -> str:
    return unit(
        "HAProxy of this host's own clients",
        unit=[("After", "network.target"), ("StartLimitIntervalSec", "0")],
        service=[
            ("Type", "notify"),
            ("ExecStartPre", f"/usr/sbin/haproxy -q -c -f {_CFG}"),
            ("ExecStart", f"/usr/sbin/haproxy -Ws -f {_CFG} -p /run/haproxy-local.pid"),
            ("ExecReload", f"/usr/sbin/haproxy -q -c -f {_CFG}"),
            ("ExecReload", "/bin/kill -USR2 $MAINPID"),
            ("KillMode", "mixed"),
            ("SuccessExitStatus", "143"),
            ("Restart", "always"),
            ("RestartSec", "1"),
        ],
    )
