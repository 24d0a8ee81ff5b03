"""When a Galera member may start, may found the cluster, and what is done about one that has lost it. Pure.

`decide` never trades safety for speed:

1. A live primary component anywhere: join it.
2. Any member that cannot be asked, or that does not know its own position yet: wait. Unreachable is not absent.
   But for members that run, are together, and were all in the same primary component the last time that they were in
   any: when they are more than half of all members, no later one can have been without them, and they need not wait.
3. Nobody is primary and all positions are known: the member with the highest sequence number founds the
   cluster; between equals, the one that stands first in the list. All members decide alike, so one does.
4. Members with histories of different clusters never merge by themselves: wait for a human.

A member that still runs but has lost its primary component (its peers lost power, then came back; or all lost each
other for some seconds, and one was fenced) is bound by the same rule: when Galera has not mended it by itself for a
while, the one that may found does so in place. It serves when it is seen that as many are with it as there must be;
should it have lost them in that very moment, it is shut down instead.

A member that has left the group for good (what it missed was not handed over whole: "node restart required") goes on
running, alone and useless: after the same while it is shut down, and systemd starts it again.

A member that was allowed to join, and whose group lost its primary component before it was taken in, waits for one for
ever, and by rule 2 all others wait for it. When nobody is primary, and nobody founds, for a longer while, its process
is ended: it then tells its position, and waits like the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass

NO_HISTORY = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class State:
    """What a member says of itself.

    phase    `down` (mariadbd is not running and does not wait), `waiting` (before its start, position known),
             `starting` (allowed to start), `running` (answers SQL)
    uuid     history it holds; NO_HISTORY when it holds none
    seqno    last committed transaction of that history; -1 when it holds none, None when unknown
    status   wsrep_cluster_status: `Primary`, `non-Primary`, `Disconnected`; None when not running
    view     the last primary component that it was in; empty when not running, or unknown
    size     members of the component that it is in, primary or not; 0 when not running
    founds   while it is `starting`: it is to found the cluster, and joins nobody
    """

    name: str
    phase: str
    uuid: str = NO_HISTORY
    seqno: int | None = None
    status: str | None = None
    state: str = ""
    ready: bool = False
    awaits: str = ""
    view: str = ""
    size: int = 0
    founds: bool = False


@dataclass(frozen=True)
class Decision:
    """What to do now: `join`, `found` or `wait`, and why. `needs`: so many members must be in what it has founded."""

    verb: str
    why: str
    needs: int = 0


def decide(name: str, order: list[str], states: dict[str, State | None]) -> Decision:
    """Whether the member `name` may start now. Pure.

    `order`: all members in order of preference. `states`: what each said, None for one that could not be asked.

    Invariants: with any member Primary the answer is join; `found` is answered to at most one member for one set of
    states, and only when none is Primary or starting, nobody's history is ahead of its own, and every member is known
    or `together` are more than half.
    """
    for other in order:
        state = states[other]
        if state is not None and state.status == "Primary":
            return Decision("join", f"{other} is in a primary component")
    known = {other: state for other in order if (state := states[other]) is not None}
    present = together(name, known)
    silent = [other for other in order if other not in known]
    if silent and 2 * len(present) <= len(order):
        return Decision("wait", f"nobody is primary, and {', '.join(silent)} cannot be asked")
    for other, state in known.items():
        if state.phase == "starting" and other != name:
            return Decision("wait", f"{other} is starting")
    unknown = [other for other, state in known.items() if state.seqno is None]
    if unknown:
        return Decision("wait", f"{', '.join(unknown)} does not know its position yet")
    histories = {state.uuid for state in known.values()} - {NO_HISTORY}
    if len(histories) > 1:
        return Decision(
            "wait",
            "members hold histories of different clusters; a human must choose: "
            + "; ".join(f"{other} {state.uuid}:{state.seqno}" for other, state in known.items()),
        )

    def rank(other: str) -> tuple[bool, int, int]:
        state = known[other]
        return (state.uuid != NO_HISTORY, state.seqno if state.seqno is not None else -1, -order.index(other))

    best = max(known, key=rank)
    if best == name and (name in present or not silent):
        why = f"highest position {known[name].uuid}:{known[name].seqno}, nobody is primary"
        if not silent:
            return Decision("found", why)
        why += f", {', '.join(present)} were in the last component and are more than half without {', '.join(silent)}"
        return Decision("found", why, len(order) // 2 + 1)
    return Decision("wait", f"{best} holds position {known[best].seqno} and is to found the cluster")


def together(name: str, known: dict[str, State]) -> list[str]:
    """Who runs in the same component as `name`, itself too, and was with it in the last primary one; empty when not
    all of that component are known to. Pure."""
    mine = known[name]
    if mine.phase != "running" or not mine.view:
        return []
    same = [other for other, state in known.items() if (state.view, state.size) == (mine.view, mine.size)]
    return same if len(same) == mine.size else []


# As long as Galera has a say it refuses even this ("has not yet prepared node for application use").
SHUT_DOWN = ("SET SESSION wsrep_on = OFF", "SHUTDOWN")


def cure(state: State, decision: Decision) -> tuple[Sequence[str], str] | None:
    """What a running member without a primary component is told, in SQL, and why; None: it waits. Pure."""
    if state.status == "Disconnected":
        # Whatever the others do: it takes no part in any component again.
        return SHUT_DOWN, "it has left the group for good; shut down, to be started again"
    if decision.verb == "found":
        # MariaDB 11.8 lets provider options be set one by one only: wsrep_provider_options is read-only.
        return ["SET GLOBAL wsrep_provider_pc_bootstrap = ON"], decision.why
    return None


def stranded(name: str, states: dict[str, State | None]) -> bool:
    """Whether the member `name` joins, and nobody whom it can ask is there to be joined. Pure."""
    mine = states[name]
    if mine is None or mine.phase != "starting" or mine.founds:
        return False
    return not any(state and (state.status == "Primary" or state.founds) for state in states.values())
