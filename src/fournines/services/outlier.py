"""A controller that serves worse than the others takes itself out of service: gray failures, which no health check
sees, since every daemon answers (`onhost/outlier.py`; its rules: `onhost/outlier_rule.py`).

With three packets of ten lost to the controller that had VIP and database writer, 37 % of the requests to a lab's APIs
failed (299 of 806 in a drill), for as long as that lasted: nobody was dead. Three controllers are needed to tell whose
packets are lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from pydantic import Field

from fournines.cloud.model import Cloud, Host, Needs, Placement
from fournines.cloud.ports import Port
from fournines.cloud.strategies import LOCAL
from fournines.converge.resources import Directory, File, Resource, Unit
from fournines.converge.steps import Command
from fournines.services import Options, Remark, Said, Service, catalogue, haproxy
from fournines.services._render import on_host, unit
from fournines.state import Vault

PORT = 9202
_UNIT = "outlier.service"
_PROGRAM = "/usr/local/lib/fournines/outlier.py"
_CONF = "/etc/fournines/outlier.json"
_LEAST = 10
"""Questions to a peer before anything is known of its link."""


class OutlierOptions(Options):
    ask_every_s: float = Field(default=0.1, gt=0, le=10)
    """Between two questions to each other controller."""
    window_s: float = Field(default=2.5, gt=0, le=600)
    """For so long the losses are counted."""
    limit_percent: float = Field(default=15, gt=0, le=100)
    """Of the questions to each other controller that are lost: then it leaves."""
    calm_s: float = Field(default=10, ge=0, le=86_400)
    """Almost nothing has been lost for so long: then it returns."""


class Outlier(Service):
    """Facts: out (this host has taken itself out of service), unfit (why Pacemaker shall run nothing there: `loss`,
    `certificate`, or empty), lost (peer -> share of the questions that were lost; null: it is silent)."""

    name = "outlier"
    strategies = (LOCAL,)
    needs = (Needs("pacemaker", "local", soft=True), Needs("haproxy", "local", soft=True))
    ports = (Port(PORT, "udp"),)
    options = OutlierOptions
    packages = ()
    log_units = (_UNIT,)
    leaves = ()

    def placed(self, hosts: tuple[Host, ...]) -> tuple[Host, ...]:
        """Nowhere where it could not be told whose packets are lost."""
        return found if len(found := super().placed(hosts)) > 2 else ()

    def resources(self, cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
        yield Directory(path="/etc/fournines")
        yield Directory(path="/usr/local/lib/fournines")
        yield File(path=_PROGRAM, content=on_host("outlier.py", after="outlier_rule.py"))
        yield File(path=_CONF, content=self._config(cloud, host))
        path = f"/etc/systemd/system/{_UNIT}"
        yield File(path=path, content=_unit())
        yield Unit(name=_UNIT, reads=(_PROGRAM, _CONF, path))

    def health(self, cloud: Cloud, host: Host) -> Command:
        return Command(awaits="the host to be in service", argv=("python3", _PROGRAM, "check"), timeout=5)

    def facts(self, cloud: Cloud, host: Host) -> Command:
        return Command(awaits="its own view", argv=("python3", _PROGRAM, "check"), timeout=5)

    def remarks(self, cloud: Cloud, facts: Mapping[str, Said]) -> Iterable[Remark]:
        for host, told in facts[self.name].items():
            if told.get("out"):
                lost = ", ".join(f"{share:.0%} to {peer}" for peer, share in told["lost"].items() if share)
                yield Remark(
                    f"{host} has taken itself out of service: packets are lost, {lost or 'none now'}", trouble=True
                )
            elif told.get("unfit") == "certificate":
                yield Remark(
                    f"{host} gives the VIP away: nobody trusts the certificate that it shows there", trouble=True
                )

    def _config(self, cloud: Cloud, host: Host) -> str:
        placement = cloud.services[self.name]
        options = OutlierOptions.model_validate(placement.options)
        config = {
            "address": str(host.management),
            "port": PORT,
            "peers": {other.name: str(other.management) for other in placement.hosts if other is not host},
            "every": options.ask_every_s,
            "window": max(_LEAST, round(options.window_s / options.ask_every_s)),
            "least": _LEAST,
            "limit": options.limit_percent / 100,
            "calm": options.calm_s,
            "health": f"http://127.0.0.1:{haproxy.HEALTH_PORT}/",
            "servers": sorted(
                f"{host.management}:{one.port}" for _, left in _left(cloud, host) for one in left.endpoints
            ),
            "units": [one for service, _ in _left(cloud, host) for one in _units(service)],
        }
        return json.dumps(config, indent=1) + "\n"


def _left(cloud: Cloud, host: Host) -> Iterator[tuple[Service, Placement]]:
    """What a controller takes part in no longer when it leaves. What Pacemaker keeps, that moves."""
    for name, placement in cloud.services.items():
        service = catalogue()[name]
        if host in placement.hosts and service.roles == ("control",) and placement.strategy.supervisor == "systemd":
            yield service, placement


def _units(service: Service) -> Iterable[str]:
    units = service.log_units if service.leaves is None else service.leaves
    return (one for one in units if one not in service.jobs)


def _unit() -> str:
    return unit(
        "Takes this controller out of service while it loses packets that the others do not",
        unit=[("After", "network.target pacemaker.service"), ("StartLimitIntervalSec", "0")],
        service=[
            ("ExecStart", f"/usr/bin/python3 {_PROGRAM} run"),
            ("Restart", "always"),
            ("RestartSec", "1"),
            ("OOMScoreAdjust", "-900"),
            ("Nice", "-10"),
        ],
    )
