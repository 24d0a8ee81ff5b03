"""One line at the foot of a terminal about what goes on now; above it lines that stay."""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Callable, Generator
from typing import TextIO

from fournines.cli.progress import describe
from fournines.converge.events import Event, Observer, silent


@contextlib.contextmanager
def ticker(file: TextIO) -> Generator[tuple[Observer, Callable[[str, TextIO], None]]]:
    """(observer that shows the last event there while it is a terminal, writer of lines to a file)."""
    guard = threading.Lock()
    shown = file.isatty()

    def wipe() -> None:
        if shown:
            file.write("\r\x1b[K")
            file.flush()

    def observe(event: Event) -> None:
        text = " ".join(f"{event.stage} {event.host or ''} {describe(event)}".split())
        with guard:
            wipe()
            file.write(text[: shutil.get_terminal_size().columns - 1])
            file.flush()

    def tell(text: str, to: TextIO) -> None:
        with guard:
            wipe()
            print(text, file=to, flush=True)

    try:
        yield (observe if shown else silent), tell
    finally:
        with guard:
            wipe()
