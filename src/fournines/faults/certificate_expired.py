"""A member shows a certificate that has expired, as when its renewal was forgotten: connections that stand go on, and
no new one is trusted by anybody who looks.

It is of the cloud's own authority and for the right names: nothing is wrong with it but its date.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fournines.cloud.model import Cloud
from fournines.cloud.model import Host as Specified
from fournines.converge.resources import Resource, Unit
from fournines.errors import DrillError
from fournines.faults import Means
from fournines.faults._laid_over import Change, LaidOver
from fournines.services import catalogue


class CertificateExpired(LaidOver):
    """No timer bounds what it costs: a check that only connects finds nothing wrong."""

    name = "certificate-expired"
    letter = "B"
    bounded = False

    def subjects(self, cloud: Cloud) -> Iterator[tuple[str, Sequence[Specified]]]:
        """The main daemon of each service that shows one."""
        for name, placement in cloud.services.items():
            service = catalogue()[name]
            hosts = [host for host in placement.hosts if any(one.port for one in service.certificates(cloud, host))]
            if hosts and placement.strategy.supervisor != "elsewhere":
                yield name, hosts

    def change(self, means: Means, host: Specified, units: Sequence[Unit], resources: Sequence[Resource]) -> Change:
        read = {path for unit in units for path in unit.reads}
        reloaded = {path for unit in units for path in unit.reload_reads}
        every = {path for each in resources if isinstance(each, Unit) for path in (*each.reads, *each.reload_reads)}
        service = catalogue()[self.stops]
        # What no unit is told to read, its main daemon reads at each handshake, as etcd does.
        main = service.log_units[0] in {unit.name for unit in units}
        shown = [
            one
            for one in service.certificates(means.cloud, host)
            if one.port and (one.path in read | reloaded or (main and one.path not in every))
        ]
        if not shown:
            raise DrillError(f"{units[0].name} on {host.name} shows no certificate", "aim at one that does")
        files = {one.path: {"content": "".join(means.vault.expired(one.name, one.addresses))} for one in shown}
        how = "restart" if files.keys() & read else "reload" if files.keys() & reloaded else "nothing"
        return Change(tuple(unit.name for unit in units), files, how)
