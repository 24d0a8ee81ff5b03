"""Another host's clock against ours. Pure.

We say a number at `sent`, the host says its time, we hear that at `heard`: its clock was read somewhere in between. So

    its time - heard  <=  offset  <=  its time - sent

and several such answers together leave what all of them allow. In a lab all hosts have one kernel and so one clock:
0 is among what is allowed, and then it is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer: seconds of our clock, of the host's, of ours."""

    sent: float
    there: float
    heard: float


@dataclass(frozen=True, slots=True)
class Offset:
    """What to take off the host's times to have ours, and how far off that may be."""

    seconds: float
    uncertain_s: float

    @classmethod
    def of(cls, readings: Sequence[Reading]) -> Offset:
        """Of at least one reading."""
        least = max(one.there - one.heard for one in readings)
        most = min(one.there - one.sent for one in readings)
        # Clocks that drift, in readings far apart, may leave nothing: then the gap between them counts.
        least, most = min(least, most), max(least, most)
        middle = 0.0 if least <= 0.0 <= most else (least + most) / 2
        return cls(middle, max(most - middle, middle - least))

    def against(self, later: Offset) -> float:
        """How far off a time between two measurements may be, when the first one is what was taken off."""
        return max(self.uncertain_s, abs(later.seconds - self.seconds) + later.uncertain_s)
