"""For verbs that make millions of small things without circles, in a process that ends soon: looking for garbage among
them takes half of the time, and once more, before the process ends, a tenth."""

from __future__ import annotations

import atexit
import gc


def leave() -> None:
    """Look for none from now on."""
    gc.disable()
    atexit.register(gc.freeze)
