"""`step_clock.py FILE SECONDS`: step the clock of this host. `step_clock.py FILE back`: set it as if it never had been.

The file keeps by how much it was ahead of the raw time since boot, which no step changes, nor whoever slews the clock
because of the step. Without the file there is nothing to set back.
"""

from __future__ import annotations

import os
import sys
import time

_NS = 1_000_000_000


def main(file: str, how: str) -> None:
    if how != "back":
        ahead = time.clock_gettime_ns(time.CLOCK_REALTIME) - time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
        with open(file, "x", encoding="ascii") as keep:
            keep.write(str(ahead))
        step = int(how) * _NS
    elif os.path.exists(file):
        with open(file, encoding="ascii") as kept:
            ahead = int(kept.read())
        os.unlink(file)
        step = 0
    else:
        return
    time.clock_settime_ns(time.CLOCK_REALTIME, time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW) + ahead + step)


if __name__ == "__main__":
    main(*sys.argv[1:])
