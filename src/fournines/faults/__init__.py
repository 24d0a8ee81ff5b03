"""An injury. One file a fault, found by module name: there is no list to edit. A file may be no more than another
fault with a target of its own and what that may cost: then a drill has a name for it.

`heal` is always safe to repeat, also where nothing was ever injected: a drill heals before it begins, when it is
done, and on every way out.
"""

from __future__ import annotations

import difflib
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Literal

from fournines.cloud.columns import Letter
from fournines.cloud.model import Cloud
from fournines.errors import DrillError
from fournines.faults._timer import undo_all as undo_all
from fournines.hosts import Fleet, Host, Power
from fournines.seam import instances
from fournines.state import Vault

AND = "+"
"""Between two faults that strike together, and between their targets."""


@dataclass(frozen=True, slots=True)
class Means:
    """What a fault may take to strike, besides its targets."""

    cloud: Cloud
    fleet: Fleet
    vault: Vault
    aim: Callable[[str], Sequence[str]]
    """Hosts that a target means now. Raises DrillError."""


Cut = Literal["apart", "together"] | None
"""Each target by itself, or targets from all but each other."""


class Fault(ABC):
    """One kind of injury. Instances hold no more than what they are aimed at: what is injured is seen on the hosts."""

    name: ClassVar[str]
    letter: Letter
    """Class in the budget table."""
    silences: ClassVar[bool] = False
    """The target says nothing more from the instant of the fault: all that it carried must fail over."""
    severs: ClassVar[bool] = False
    """The target lives and may still be asked, but not all that it carried goes on there."""
    cuts: ClassVar[Cut] = None
    """How it separates targets that live from all others."""
    bounded: ClassVar[bool] = True
    """What it costs follows from timers."""
    stops: str = ""
    """The service of which it ends a daemon on the target, and nothing else there."""
    hangs: ClassVar[bool] = False
    """That daemon does not end: it keeps its connections and says nothing more."""
    service: ClassVar[str] = ""
    """The service on a member of which it acts without ending it."""
    blocks: ClassVar[bool] = False
    """Nothing fails over: what it takes must not be served until it is healed."""
    unfenced: ClassVar[bool] = False
    """Nobody can make sure that the target is off."""
    target: ClassVar[str] = ""
    """Where it strikes unless told otherwise, as `fournines.prove.targets.resolve` reads it."""

    @property
    def injures(self) -> bool:
        return self.silences or self.severs or bool(self.stops)

    @property
    def kind(self) -> str:
        """What drills are counted together: its name, and of a daemon's fault which one it strikes."""
        return self.name

    def parts(self, names: Sequence[str]) -> Sequence[tuple[Fault, Sequence[str]]]:
        """The faults that it is made of, and which of its hosts each of them strikes."""
        return ((self, names),)

    def aimed(self, target: str) -> Fault:
        """The fault as it strikes that target. Raises DrillError where it strikes no such thing."""
        return self

    def clashes(self, other: Fault) -> bool:
        """Whether one host cannot suffer both: they strike the same."""
        return self.name == other.name

    def choices(self, cloud: Cloud) -> Sequence[Sequence[str]]:
        """What a campaign may aim it at: the targets of each class. None: where it strikes follows from the rest."""
        return ()

    def equipped(self, means: Means, names: Sequence[str]) -> Fault:
        """Itself with what it takes to strike the hosts of these names, and to heal takes not. Changes nothing. Raises
        DrillError where that does not exist."""
        return self

    def possible(self, targets: Sequence[Host]) -> None:
        """Raises DrillError, saying why, when these hosts cannot suffer it. Changes nothing."""
        return

    @abstractmethod
    def inject(self, targets: Sequence[Host]) -> None:
        """Injure the targets; returns when it is so. Raises HostError."""

    @abstractmethod
    def heal(self, targets: Sequence[Host]) -> None:
        """Undo it on the targets; returns when it is so. Idempotent. Raises HostError."""


def switched_on(host: Host) -> bool:
    """Whether it was on. One that was fenced on the way is switched on now, and comes back without what was done to
    it. Raises HostError."""
    if isinstance(host, Power) and host.power() == "off":
        host.power_on()
        return False
    return True


@cache
def catalogue() -> Mapping[str, Fault]:
    """Every fault of this folder by name, sorted. Raises TypeError when two modules claim one name."""
    return instances(sys.modules[__name__], Fault)


def recorded(name: str, target: str) -> Fault | None:
    """The fault that evidence calls so, as it struck that target; None: this version of nines has no such thing."""
    try:
        return named(name).aimed(target)
    except DrillError:
        return None


def named(name: str) -> Fault:
    """The fault of that name, or of two names the two together. Raises DrillError naming those that there are."""
    one, also, other = name.partition(AND)
    if also:
        from fournines.faults._pair import both

        return both(named(one), named(other))
    faults = catalogue()
    if name in faults:
        return faults[name]
    near = difflib.get_close_matches(name, faults, n=1)
    raise DrillError(
        f"no such fault: {name}; there are {', '.join(sorted(faults))}", f"did you mean {near[0]}?" if near else ""
    )
