"""Two faults at a time, as one: the second strikes while the first holds. Named `FIRST+SECOND`, and aimed likewise.

It is judged by the budgets of both as long as the cloud may survive it. Where both together take more members of a
service than it can lose, or whoever carried something is gone and cannot be fenced, it may stop: then nothing may be
lost, and all must be back unattended.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from fournines.cloud.columns import SEVERITY, Letter
from fournines.cloud.model import Cloud
from fournines.errors import DrillError, HostError
from fournines.faults import AND, Fault, Means
from fournines.hosts import Host
from fournines.services import catalogue


class Pair(Fault):
    """What `both` makes. Heals the second, then the first."""

    first: ClassVar[Fault]
    second: ClassVar[Fault]
    aims: tuple[str, str] = ("", "")
    """Target of each."""
    struck: tuple[Sequence[str], Sequence[str]] | None = None
    """Hosts of each, once it is equipped."""

    @property
    def injures(self) -> bool:
        return self.first.injures or self.second.injures

    @property
    def kind(self) -> str:
        return f"{self.first.kind}{AND}{self.second.kind}"

    def parts(self, names: Sequence[str]) -> Sequence[tuple[Fault, Sequence[str]]]:
        of_each = self.struck or (names, names)
        return ((self.first, of_each[0]), (self.second, of_each[1]))

    def aimed(self, target: str) -> Fault:
        one, _, other = target.partition(AND)
        aims = (one, other or one)
        made = both(self.first.aimed(aims[0]), self.second.aimed(aims[1]))
        made.aims = aims
        return made

    def equipped(self, means: Means, names: Sequence[str]) -> Fault:
        struck = (means.aim(self.aims[0]), means.aim(self.aims[1]))
        again = {*struck[0]} & {*struck[1]}
        if again and (self.first.silences or self.first.clashes(self.second)):
            who = ", ".join(sorted(again))
            raise DrillError(f"{self.name}: {who} cannot suffer the second after the first", "aim at different hosts")
        first, second = self.first.equipped(means, struck[0]), self.second.equipped(means, struck[1])
        may_stop = _is_too_much(means.cloud, ((first, struck[0]), (second, struck[1])))
        made = both(first, second, may_stop=may_stop)
        made.aims, made.struck = self.aims, struck
        return made

    def possible(self, targets: Sequence[Host]) -> None:
        for fault, hosts in self._each(targets):
            fault.possible(hosts)

    def inject(self, targets: Sequence[Host]) -> None:
        for fault, hosts in self._each(targets):
            fault.inject(hosts)

    def heal(self, targets: Sequence[Host]) -> None:
        try:
            self.second.heal(targets)
        except HostError:
            # A host may need the first healed to be switched on.
            self.first.heal(targets)
            self.second.heal(targets)
        else:
            self.first.heal(targets)

    def _each(self, targets: Sequence[Host]) -> list[tuple[Fault, list[Host]]]:
        names = [host.name for host in targets]
        return [(fault, [host for host in targets if host.name in own]) for fault, own in self.parts(names)]


def both(one: Fault, other: Fault, *, may_stop: bool = False) -> Pair:
    """The second of them strikes while the first holds. `may_stop`: too much is gone."""
    heavier = max((one, other), key=lambda fault: SEVERITY.index(fault.letter))
    letter_of_both: Letter = "X" if may_stop else heavier.letter

    class Both(Pair):
        name = f"{one.name}{AND}{other.name}"
        letter = letter_of_both
        first, second = one, other
        silences = one.silences or other.silences
        severs = one.severs or other.severs
        # Each has its timers where it costs something; together they are not what those were made for.
        bounded = one.bounded and other.bounded and not (one.injures and other.injures)
        blocks = may_stop or one.blocks or other.blocks
        target = AND.join((one.target, other.target)) if one.target and other.target else one.target or other.target

    return Both()


def _is_too_much(cloud: Cloud, parts: Sequence[tuple[Fault, Sequence[str]]]) -> bool:
    """Whether some service cannot be served before the heal."""
    unfenced = {name for fault, names in parts if fault.unfenced for name in names}
    gone = {name for fault, names in parts if fault.silences or fault.severs for name in names}
    if unfenced & gone:
        return True
    for placement in cloud.services.values():
        stopped = {name for fault, names in parts if fault.stops == placement.name for name in names}
        lost = [host for host in placement.hosts if host.name in gone | stopped]
        spread = catalogue()[placement.name].spread(cloud)
        # One member that is the only one is lost by one fault alone, which is judged alone.
        several = len(placement.hosts) > 1 and placement.strategy.supervisor != "elsewhere"
        if several and len({spread.domain_of(host) for host in lost}) > spread.spare:
            return True
    return False
