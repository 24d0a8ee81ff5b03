"""One drill after the other. What they touch is handed in.

A campaign ends when what was asked is done, or on a violation: then nothing more is touched, for what is there is the
evidence. It stops, to be resumed, when several drills on end said nothing of the cloud, and on a signal.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from fournines.campaign.choice import Choice, Planned
from fournines.campaign.folder import DrillFolder, Folder
from fournines.campaign.outcome import Outcome
from fournines.errors import NinesError
from fournines.faults import named
from fournines.prove.healed import always_healed

SILENT = 3
"""So many drills on end that say nothing of the cloud stop a campaign."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How long a campaign is to go on: until the first of them; None: no matter."""

    drills: int | None
    seconds: float | None
    """Of drilling: what lies between an interruption and its resumption is not counted."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a campaign goes on no more."""

    how: Literal["done", "violation", "stopped"]
    """`stopped`: it can be resumed."""
    why: str

    def exit_code(self, outcomes: Sequence[Outcome]) -> int:
        """0 all that counts is ok; 1 a violation, an unknown audit, or stopped early; 7 nothing counts."""
        results = {outcome.result for outcome in outcomes}
        if self.how == "violation":
            return 1
        if "ok" not in results:
            return 7
        return 1 if self.how == "stopped" or "unknown" in results else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One campaign, from its start or from where it was interrupted."""

    folder: Folder
    choice: Choice
    asked: Asked
    drill: Callable[[Planned, DrillFolder], None]
    """Make it, and leave its report in the folder. Raises NinesError without one. Heals on every way out."""
    heal: Callable[[str, str], None]
    """Undo the fault of that name and target wherever it struck; safe to repeat. Raises NinesError."""
    keep_logs: Callable[[DrillFolder, float, float], None]
    """Into the folder: what daemons said between these times, in seconds since 1970."""
    tell: Callable[[Outcome], None]
    clock: Callable[[], float] = time.monotonic

    def __call__(self) -> Ending:
        """Blocks. SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt once the drill has healed.

        Raises LockedError when another process works on this campaign, NinesError when what a killed drill left could
        not be healed.
        """
        with self.folder.held(), always_healed(lambda: None):
            tidy(self.folder, self.heal)
            before = list(self.folder.outcomes)
            if broken := [outcome for outcome in before if outcome.result == "fail"]:
                return self._end("violation", _violation(broken[0]))
            last = max((drill.number for drill in self.folder.drills), default=0)
            since = self.clock() - sum(outcome.seconds for outcome in before)
            silent: list[Outcome] = []
            for planned in self.choice.after(last):
                if self.asked.drills is not None and planned.number > self.asked.drills:
                    break
                if self.asked.seconds is not None and self.clock() - since >= self.asked.seconds:
                    return self._end("done", "time is over")
                outcome = self._one(planned)
                self.tell(outcome)
                if outcome.result == "fail":
                    return self._end("violation", _violation(outcome))
                silent = [] if outcome.counts else [*silent, outcome]
                if len(silent) == SILENT:
                    said = "; ".join(f"{each.number} {each.result}: {each.why}" for each in silent)
                    return Ending("stopped", f"{SILENT} drills on end said nothing of the cloud: {said}")
            return self._end("done", "asked number done")

    def _one(self, planned: Planned) -> Outcome:
        drill = self.folder.begin(planned, named(planned.fault).aimed(planned.target).letter)
        began = time.time()
        try:
            self.drill(planned, drill)
        except NinesError as error:
            drill.failed(type(error).__name__, error.message)
            # Whether it worked the next drill finds out, which waits for a healthy cloud.
            with contextlib.suppress(NinesError):
                self.heal(planned.fault, planned.target)
        except BaseException as error:
            drill.failed(type(error).__name__, str(error) or "nines was interrupted")
            raise
        self.keep_logs(drill, began, time.time())
        outcome = drill.outcome
        if outcome is None:
            raise LookupError(f"drill {planned.number} left neither a report nor an error")
        return outcome

    def _end(self, how: Literal["done", "violation"], why: str) -> Ending:
        self.folder.end(why)
        return Ending(how, why)


def tidy(folder: Folder, heal: Callable[[str, str], None]) -> None:
    """Heal what drills left that were killed, and write down that they were. Safe to repeat. Raises NinesError."""
    for drill in folder.drills:
        if drill.outcome is None:
            heal(drill.plan["fault"], drill.plan["target"])
            drill.failed("Killed", "nines was killed in this drill")


def _violation(outcome: Outcome) -> str:
    return f"violation: drill {outcome.number}, {outcome.fault} of {outcome.target}: {outcome.why}"
