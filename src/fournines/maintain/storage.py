"""Storage: Ceph is asked whether it can spare the host's daemons, and keeps their OSDs in the cluster while they are
down: nobody copies terabytes because a host reboots.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from fournines.cloud.model import Cloud
from fournines.converge.steps import Command
from fournines.errors import NinesError
from fournines.maintain import Duty, Views
from fournines.maintain.site import Site
from fournines.prove.facts import MON, OSD
from fournines.services._render import on_host

WHOLE_S = 3600.0
"""Until copies that fell behind have caught up."""


class Storage(Duty):
    name = "storage"
    mark = (MON, "noout")
    # Guests that leave read and write much.
    after = ("compute", "network")

    def hosts(self, cloud: Cloud) -> tuple[str, ...]:
        found = {host.name for name in (OSD, MON) if name in cloud.services for host in cloud.services[name].hosts}
        return tuple(host.name for host in cloud.hosts if host.name in found)

    def possible(self, site: Site, host: str, views: Views) -> None:
        if reasons := _ceph(site, "spare", host):
            remedy = "ceph status on a storage host says what it works on; wait until all copies are whole"
            raise NinesError(f"Ceph cannot spare {host}: {'; '.join(reasons)}", remedy)

    def take(self, site: Site, host: str) -> Sequence[str]:
        _ceph(site, "out", host)
        return ()

    def give(self, site: Site, host: str) -> None:
        site.well(self.name, host)
        _ceph(site, "back", host)

        def left() -> str:
            behind = _ceph(site, "whole", host)
            return f"all copies to be whole: {', '.join(behind)}" if behind else ""

        site.wait(self.name, WHOLE_S, left, "nines status; the host is back, its copies are still being made")


def _ceph(site: Site, what: str, host: str) -> list[str]:
    """Asked on a host of another mon, where there is one."""
    mons = [each.name for each in site.cloud.services[MON].hosts]
    there = next((name for name in mons if name != host), mons[0])
    source = on_host("ceph_maintain.py", after="ceph_ask.py")
    return json.loads(site.run(there, Command(awaits="Ceph", argv=("python3", "-c", source, what, host), timeout=60)))
