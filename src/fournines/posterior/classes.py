"""What the drills of each class say by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fournines.availability.coverage import Coverage, coverage
from fournines.posterior.figure import Figure
from fournines.posterior.observation import Class
from fournines.posterior.recovery import Recovery, recoveries
from fournines.posterior.trial import Tally, Trial, by_class

HARMLESS = "-"
"""Letter of faults that injure nothing: there is nothing to recover from."""


@dataclass(frozen=True, slots=True)
class Drilled:
    """One class."""

    of: Class
    letter: str
    tally: Tally
    recoveries: tuple[Recovery, ...]

    @property
    def coverage(self) -> Coverage | None:
        """Share of such faults that it recovers from: Beta(1/2 + worked, 1/2 + failed), exactly. What is unknown is in
        neither. None: the fault injures nothing."""
        return None if self.letter == HARMLESS else coverage(self.tally.known, self.tally.failed)

    def as_json(self) -> Mapping[str, Any]:
        found = self.coverage
        return {
            "fault": self.of.fault,
            "letter": self.letter,
            "roles": list(self.of.roles),
            "configuration": self.of.configuration,
            "fidelity": self.of.fidelity,
            "connections": self.of.connections,
            "worked": self.tally.worked,
            "failed": self.tally.failed,
            "unknown": self.tally.unknown,
            "coverage": None if found is None else Figure(found.mean, found.low, found.high).as_json(),
            "recoveries": [each.as_json() for each in self.recoveries],
        }


def drilled(trials: Iterable[Trial], seed: int) -> Sequence[Drilled]:
    """Sorted by class."""
    return [
        Drilled(of, found[0].fault.letter, Tally.of(found), tuple(recoveries(of, found, seed)))
        for of, found in by_class(trials).items()
    ]
