"""One drill is one trial, however many probes watched it: they saw the same failover."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fournines.cloud.columns import Column
from fournines.posterior.observation import Class, Observation


@dataclass(frozen=True, slots=True)
class Trial:
    """The observations of one drill, at least one."""

    seen: tuple[Observation, ...]

    @property
    def drill(self) -> str:
        return self.seen[0].drill

    @property
    def of(self) -> Class:
        return self.seen[0].of

    @property
    def fault(self) -> Observation:
        """Any of its observations: for what all have in common, what was done to whom."""
        return self.seen[0]

    @property
    def recovered(self) -> bool | None:
        """False when one probe knows that its service did not come back; else None when one does not know."""
        said = {each.recovered for each in self.seen}
        return False if False in said else None if None in said else True

    @property
    def why(self) -> str:
        """Of those who say what the trial says."""
        return "; ".join(dict.fromkeys(each.why for each in self.seen if each.recovered is self.recovered and each.why))

    def by(self, column: Column) -> tuple[Observation, ...]:
        """What probes of that column saw."""
        return tuple(each for each in self.seen if each.column == column)


@dataclass(frozen=True, slots=True)
class Tally:
    """How trials of one class ended."""

    worked: int
    failed: int
    unknown: int

    @classmethod
    def of(cls, trials: Iterable[Trial]) -> Tally:
        said = [trial.recovered for trial in trials]
        return cls(said.count(True), said.count(False), said.count(None))

    @property
    def known(self) -> int:
        return self.worked + self.failed


def trials(observations: Iterable[Observation]) -> Sequence[Trial]:
    """In the order of the drills' names."""
    found: dict[str, list[Observation]] = {}
    for each in observations:
        found.setdefault(each.drill, []).append(each)
    return [Trial(tuple(found[name])) for name in sorted(found)]


def by_class(found: Iterable[Trial]) -> dict[Class, list[Trial]]:
    """Sorted by class."""
    grouped: dict[Class, list[Trial]] = {}
    for trial in found:
        grouped.setdefault(trial.of, []).append(trial)
    return dict(sorted(grouped.items()))
