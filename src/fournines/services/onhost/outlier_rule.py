"""When a controller is the one that loses packets. Pure.

Every controller asks every other one ten times a second or so. `Lost` counts, for one of them, how many questions were
lost among those that were answered: a question counts as lost when a later one has been answered and it has not. A
peer that is silent, that was cut off or stood still has lost nothing by this measure: who is gone is Corosync's to say.

`outlier` holds for at most one controller of three:

1. It loses packets to every peer that answers and serves, and these are at least two: with one it could be either.
2. Each two of these say that they lose next to nothing to each other: so the network between them is well, and they
   can do without it.

Nobody who has not said so lately is believed to be well.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Lost:
    """Of the questions to one peer."""

    window: int
    """So many questions, up to the last that was answered."""
    least: int
    """With fewer than so many, nothing is known yet."""
    asked: int = 0
    """Number of the next question."""
    began: int = 0
    """The first that counts."""
    last: int = -1
    """The last that was answered."""
    answered: set[int] = field(default_factory=set[int])
    """Those of the window."""

    def ask(self) -> int:
        """Number of the question that is sent now."""
        number, self.asked = self.asked, self.asked + 1
        return number

    def answer(self, number: int) -> None:
        if not max(self.began, self.last - self.window + 1) <= number < self.asked:
            return
        for old in range(self.last - self.window + 1, number - self.window + 1):
            self.answered.discard(old)
        self.answered.add(number)
        self.last = max(self.last, number)

    def begin(self, number: int) -> None:
        """What was before that question says nothing any more."""
        self.began, self.last = number, number - 1
        self.answered.clear()

    def share(self) -> float | None:
        """Of the questions of the window that were lost, 0 to 1; None: too few are known of."""
        known = self.last - max(self.began, self.last - self.window + 1) + 1
        return None if known < self.least else 1 - len(self.answered) / known


@dataclass(frozen=True)
class Told:
    """What a peer said of itself, lately."""

    shares: Mapping[str, float | None]
    """Peer -> what it loses to that one."""
    out: bool
    """It has taken itself out of service."""


def outlier(shares: Mapping[str, float | None], told: Mapping[str, Told], limit: float) -> bool:
    """Whether this controller must leave. `shares`: peer -> what is lost to it. `told`: what peers said, without those
    that said nothing lately. `limit`: from which share on a link is bad; below half of it, it is well."""
    serving = {peer for peer in told if not told[peer].out}
    bad = {peer for peer in serving if (share := shares.get(peer)) is not None and share >= limit}
    if len(bad) < 2 or bad != serving:
        return False
    pairs = ((one, other) for one in bad for other in bad - {one})
    return all((share := told[one].shares.get(other)) is not None and share < limit / 2 for one, other in pairs)


def recovered(shares: Mapping[str, float | None], limit: float) -> bool:
    """Whether what it loses is no reason to stay away any more: a peer answers, and none is hard to reach."""
    known = [share for share in shares.values() if share is not None]
    return bool(known) and max(known) < limit / 4
