"""Which guests can leave a host while they run. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_RUNNING, _PAUSED = 1, 3
"""Nova's power states. Any other one is of a guest that does not run."""


@dataclass(frozen=True, slots=True)
class Guest:
    """One guest, as Nova's administrator sees it."""

    id: str
    name: str
    status: str
    task: str | None
    """What Nova is doing with it just now."""
    power: int

    @property
    def moving(self) -> bool:
        return self.status == "MIGRATING" or self.task == "migrating"

    @property
    def movable(self) -> bool:
        """It can be told to migrate. A paused one migrates as well, and stays paused."""
        return self.status in ("ACTIVE", "PAUSED") and self.task is None

    @property
    def text(self) -> str:
        return f"{self.name} ({self.id}, {self.status}{f', {self.task}' if self.task else ''})"


@dataclass(frozen=True, slots=True)
class Guests:
    """The guests of a host, by what becomes of them."""

    moving: tuple[Guest, ...]
    """On their way already."""
    movable: tuple[Guest, ...]
    cold: tuple[Guest, ...]
    """Do not run: they stay, and miss nothing."""
    stuck: tuple[Guest, ...]
    """Run, or are about to, and cannot be moved as they are: being built, rescued, resized, in error."""


def sort(guests: Iterable[Guest]) -> Guests:
    moving: list[Guest] = []
    movable: list[Guest] = []
    cold: list[Guest] = []
    stuck: list[Guest] = []
    for guest in sorted(guests, key=lambda each: (each.name, each.id)):
        if guest.moving:
            moving.append(guest)
        elif guest.movable:
            movable.append(guest)
        elif guest.task is None and guest.status != "BUILD" and guest.power not in (_RUNNING, _PAUSED):
            cold.append(guest)
        else:
            stuck.append(guest)
    return Guests(tuple(moving), tuple(movable), tuple(cold), tuple(stuck))


@dataclass(frozen=True, slots=True)
class Next:
    """What is to be done about a host's guests now."""

    start: tuple[Guest, ...]
    failed: tuple[Guest, ...]
    """Were told to move, and are here again: Nova could not."""


def following(now: Guests, tried: Iterable[str], at_once: int) -> Next:
    """`tried`: ids of those that were told to move. At most `at_once` are on their way at a time."""
    before = set(tried)
    failed = tuple(guest for guest in (*now.movable, *now.stuck, *now.cold) if guest.id in before)
    fresh = [guest for guest in now.movable if guest.id not in before]
    room = max(0, at_once - len(now.moving))
    # No more are sent after those that could not leave: the next ones could not either, most often.
    return Next(() if failed else tuple(fresh[:room]), failed)
