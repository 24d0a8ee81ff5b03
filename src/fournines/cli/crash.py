"""Where the traceback of a bug goes: to a file, not to the operator's terminal."""

from __future__ import annotations

import sys
import time
import traceback
from pathlib import Path

from fournines import __version__
from fournines.state import state_root, write_private


def save(error: BaseException) -> Path | None:
    """Writes the traceback under the state folder, mode 0600. None when that cannot be written either."""
    head = f"nines {__version__}, python {sys.version.split()[0]}, verb {''.join(sys.argv[1:2])}\n"
    path = state_root() / "crashes" / f"{time.strftime('%Y%m%dT%H%M%S')}.txt"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(path, head + "".join(traceback.format_exception(error)))
    except OSError:
        return None
    return path
