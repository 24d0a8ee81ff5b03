"""The host's servers of APIs: they take no new connections, by which load balancers take other hosts' at once, and end
what they have. A reboot opens them again; they are closed so that no way of switching the host off costs a request.
"""

from __future__ import annotations

from collections.abc import Sequence

from fournines.cloud.model import Cloud
from fournines.maintain import Duty
from fournines.maintain.site import Site
from fournines.services._uwsgi import out_of_service


def servers(cloud: Cloud, host: str) -> dict[str, str]:
    """ADDRESS:PORT of each server there to which a load balancer leads -> its endpoint."""
    return {
        f"{own.management}:{endpoint.port}": endpoint.name
        for placement in cloud.services.values()
        if placement.strategy.supervisor == "systemd"
        for own in placement.hosts
        if own.name == host
        for endpoint in placement.endpoints
    }


class Api(Duty):
    name = "api"
    # It is in the host's memory, and a reboot takes it away.
    mark = None
    # The others ask them.
    after = ("compute", "network", "storage", "control")

    def hosts(self, cloud: Cloud) -> tuple[str, ...]:
        return tuple(host.name for host in cloud.hosts if servers(cloud, host.name))

    def take(self, site: Site, host: str) -> Sequence[str]:
        own = servers(site.cloud, host)
        said = site.run(host, out_of_service(own, out=True))
        open_still = [name for server, name in own.items() if f" {server} " in said]
        return (
            [f"{', '.join(open_still)}: clients still have connections to it, such as consoles"] if open_still else []
        )

    def give(self, site: Site, host: str) -> None:
        site.run(host, out_of_service(servers(site.cloud, host), out=False))
