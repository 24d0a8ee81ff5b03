"""The rule of instance HA, which never trades safety for speed. Pure; the first part of `instance_ha.py` on the hosts.

1. Guests leave a host only when its power is off, confirmed by its BMC through Pacemaker, Ceph refuses its address,
   and Nova holds it for down; in this order. Silence alone moves nobody, nor does somebody else's `forced_down`.
2. More than half of the hosts silent, or about to be: nobody is fenced, for then it is more likely the network that is
   gone. Those that are being fenced or emptied count.
3. No more than so many hosts at a time.
4. A host that is back starts guests only when none of its own is being moved any more, and when it runs none that is
   another host's. One that does was never off, whatever its BMC said: it is fenced again.
5. A host in maintenance (`nines maintain`) is silent for a reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

MAINTAINED = "nines maintain"
"""How Nova's reason begins for which a host in maintenance is disabled."""


@dataclass(frozen=True)
class Compute:
    """One compute host as it is seen now."""

    name: str
    answers: bool
    """Its agent answered not long ago."""
    doubtful: bool = False
    """It answers, but not just now: it may be about to fall silent."""
    admitted: bool = True
    """Its present boot may run guests."""
    fencing: bool = False
    """It is being fenced."""
    fenced: bool = False
    """Its power was confirmed to be off, by this program, and nothing was heard of it since."""
    barred: bool = False
    """Nova holds it for down, which is done last of all that refuses it."""
    maintained: bool = False
    waiting: tuple[str, ...] = ()
    """Ids of its guests that can be moved."""
    moving: tuple[str, ...] = ()
    """Of those that are being moved."""
    strays: tuple[str, ...] = ()
    """Of guests that run there, though Nova has them elsewhere."""


@dataclass(frozen=True)
class Action:
    """`fence`, `bar` (have Ceph and Nova refuse it), `move` its guests, `admit` it (and refuse it no more), or `wait`,
    and why."""

    verb: Literal["fence", "bar", "move", "admit", "wait"]
    host: str
    why: str


def decide(computes: Sequence[Compute], most: int) -> list[Action]:
    """What to do now, for each host that is not simply well. Pure.

    `most`: hosts that may be in the middle of it at a time.

    Invariants: a host is moved from only when it is silent, fenced and barred; fenced only when it is not in
    maintenance and no more than half of those that count are silent or about to be, or when it runs another host's
    guests; admitted only when it answers, runs no other host's guests, and none of its own is being moved.
    """
    counted = [each for each in computes if not each.maintained and not _done(each)]
    silent = [each.name for each in counted if not each.answers or each.doubtful]
    too_many = 2 * len(silent) > len(counted)
    busy = sum(1 for each in counted if each.fencing or each.fenced)
    actions: list[Action] = []
    for each in computes:
        if each.fencing:
            continue
        if each.answers:
            if (each.admitted and not each.barred) or each.doubtful:
                continue
            if each.strays:
                why = f"it runs {len(each.strays)} guests that are elsewhere: it was never off"
                actions.append(Action("fence", each.name, why))
            elif each.moving:
                actions.append(Action("wait", each.name, f"{len(each.moving)} of its guests are still being moved"))
            else:
                actions.append(Action("admit", each.name, "it is back" if each.barred else "it has started"))
        elif each.maintained or _done(each):
            continue
        elif too_many:
            why = f"{len(silent)} of {len(counted)} hosts are silent: more likely the network is at fault"
            actions.append(Action("wait", each.name, why))
        elif each.fenced and not each.barred:
            actions.append(Action("bar", each.name, "its power is off"))
        elif each.fenced:
            if each.waiting:
                actions.append(Action("move", each.name, f"{len(each.waiting)} guests to be moved"))
        elif busy >= most:
            actions.append(Action("wait", each.name, f"{busy} other hosts come first"))
        else:
            busy += 1
            actions.append(Action("fence", each.name, "it is silent"))
    return actions


def _done(host: Compute) -> bool:
    """Gone, and nobody is left there."""
    return not host.answers and host.fenced and host.barred and not host.waiting and not host.moving
