"""A host's clock jumps ahead by five minutes: its tokens look too old elsewhere, and what is fresh looks so to it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from fournines.faults import Fault, switched_on
from fournines.faults._burden import refuse_shared
from fournines.faults._program import program
from fournines.faults._timer import armed, disarmed
from fournines.hosts import Host, run

SECONDS = 300
_KEPT = "/run/nines-clock-step"


class ClockStep(Fault):
    """Heal: the clock goes as if it had never jumped. No timer bounds what it costs."""

    name = "clock-step"
    letter = "D"
    severs = True
    bounded = False

    def possible(self, targets: Sequence[Host]) -> None:
        refuse_shared(targets, "clock")

    def inject(self, targets: Sequence[Host]) -> None:
        for host in targets:
            run(host, ["sh", "-ec", f"{armed(self.name, _step('back'))}\n{_step(str(SECONDS))}"])

    def heal(self, targets: Sequence[Host]) -> None:
        for host in targets:
            if switched_on(host):
                run(host, ["sh", "-ec", f"{_step('back')}\n{disarmed(self.name)}"])


def _step(how: str) -> str:
    return shlex.join(["python3", "-c", program("step_clock.py"), _KEPT, how])
