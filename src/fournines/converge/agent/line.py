"""Telling the operator."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Generator
from typing import Any


class Line:
    """The way back to the operator. `gone` once nobody reads any more."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.gone = False
        self.lock = threading.Lock()

    def say(self, data: dict[str, Any]) -> None:
        with self.lock:
            if self.gone:
                return
            try:
                self.stream.write(json.dumps(data) + "\n")
                self.stream.flush()
            except OSError:
                self.gone = True

    @contextlib.contextmanager
    def beating(self, text: Callable[[], str]) -> Generator[None, None, None]:
        """Tell `text()` every 2 s while the block works."""
        began = time.monotonic()
        over = threading.Event()

        def beat() -> None:
            while not over.wait(2):
                self.say({"progress": {"text": text(), "seconds": round(time.monotonic() - began, 1)}})

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
