"""Faults of one daemon: of any that a service declares, or of those that a subclass names."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterator, Sequence

from fournines.cloud.columns import Letter
from fournines.cloud.model import Cloud
from fournines.cloud.model import Host as Specified
from fournines.errors import DrillError
from fournines.faults import Fault
from fournines.hosts import Host, run
from fournines.services import daemons

_RUNNING = 'systemctl list-units --plain --no-legend --state=running "$1" | head -n 1 | cut -d " " -f 1'
STRUCK = f"""
unit=$({_RUNNING})
[ -n "$unit" ] || {{ echo "no $1 runs" >&2; exit 1; }}
"""
"""Shell that sets `unit` to the first running one of the pattern `$1`, or fails."""


class DaemonFault(Fault):
    """Strikes one unit on each target."""

    subject: str = ""
    """The name by which it was aimed."""
    units: str = ""
    """Pattern: one that runs is struck, all that are enabled are healed. None: `aimed` says which."""

    @property
    def kind(self) -> str:
        return f"{self.name} {self.subject}".rstrip()

    @property
    def injures(self) -> bool:
        return True

    def aimed(self, target: str) -> Fault:
        """Itself where it has a daemon of its own. Else `target` begins with the name of a daemon or of a service, of
        which its main one is meant: `rabbitmq:primary`, `nova-conductor`."""
        if self.units:
            return self
        subject = target.partition(":")[0]
        known = daemons()
        if subject not in known:
            near = difflib.get_close_matches(subject, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"such as {self.name} --target galera:primary"
            raise DrillError(f"{self.name} strikes a daemon, and {subject} is none", hint)
        service, unit = known[subject]
        aimed = copy.copy(self)
        aimed.subject = subject
        aimed.units, aimed.stops, aimed.letter = unit, service.name, self.letter_of(service.fault_class(unit))
        return aimed

    def clashes(self, other: Fault) -> bool:
        """Nothing of a daemon is left to strike once it has been, and the heal of one starts it below the other."""
        same = isinstance(other, DaemonFault) and (self.stops, self.units) == (other.stops, other.units)
        return same or super().clashes(other)

    def choices(self, cloud: Cloud) -> Sequence[Sequence[str]]:
        """Of each daemon that it may strike the member on each host, and the one that is more than the others."""
        found: dict[Letter, list[str]] = {}
        for name, hosts in self.subjects(cloud) if not self.units else ():
            service, unit = daemons()[name]
            members = [*(["primary"] if service.primary else []), *(host.name for host in hosts)]
            found.setdefault(self.letter_of(service.fault_class(unit)), []).extend(f"{name}:{each}" for each in members)
        return [targets for _, targets in sorted(found.items())]

    def subjects(self, cloud: Cloud) -> Iterator[tuple[str, Sequence[Specified]]]:
        """(name, hosts) of every daemon that the cloud runs itself, by one name each."""
        for name, (service, unit) in daemons().items():
            there = cloud.services.get(service.name)
            alias = name != unit.removesuffix(".service").removesuffix("@*")
            if not alias and there is not None:
                yield name, there.hosts

    def letter_of(self, fault_class: Letter) -> Letter:
        """Its class, of a daemon whose sudden end is of that one."""
        return fault_class

    def possible(self, targets: Sequence[Host]) -> None:
        for host in targets:
            if not run(host, ["sh", "-c", _RUNNING, "nines", self.units]).strip():
                raise DrillError(f"no {self.units} runs on {host.name}", "aim at a host on which it does")
