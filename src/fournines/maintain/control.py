"""Control: Pacemaker keeps nothing on the host. The VIP moves without cutting a connection: `onhost/vip.sh`."""

from __future__ import annotations

from collections.abc import Sequence

from fournines.cloud.model import Cloud
from fournines.errors import WaitError
from fournines.maintain import Duty
from fournines.maintain.site import Site
from fournines.prove.facts import PACEMAKER, facts
from fournines.services.pacemaker import standby


class Control(Duty):
    name = "control"
    mark = (PACEMAKER, "standby")
    # While guests, routers and copies move, every controller is there.
    after = ("compute", "network", "storage")

    def hosts(self, cloud: Cloud) -> tuple[str, ...]:
        return tuple(host.name for host in cloud.services[PACEMAKER].hosts) if PACEMAKER in cloud.services else ()

    def take(self, site: Site, host: str) -> Sequence[str]:
        site.run(host, standby(on=True))
        if (facts(site.look([host]), host, PACEMAKER) or {}).get("vip") is not False:
            raise WaitError(f"the VIP is still on {host}, though Pacemaker has it in standby", f"nines logs {host}")
        return ()

    def give(self, site: Site, host: str) -> None:
        site.well(self.name, host)
        site.run(host, standby(on=False))
