"""Healing on every way out of a drill."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Generator
from types import FrameType


@contextlib.contextmanager
def always_healed(heal: Callable[[], None]) -> Generator[None]:
    """Leave this block only healed. Signals that ask to end raise KeyboardInterrupt in it; none interrupts the heal."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    mine = threading.current_thread() is threading.main_thread()
    ending = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        # A handler rather than SIG_IGN, which hosts started by the heal would inherit.
        if not ending:
            raise KeyboardInterrupt(signal.Signals(number).name)

    before = {number: signal.signal(number, interrupt) for number in numbers} if mine else {}
    try:
        yield
    finally:
        ending = True
        try:
            heal()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
