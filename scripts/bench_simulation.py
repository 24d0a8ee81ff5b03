"""Simulated years: one row a figure, asked, measured, and the load average when it was taken."""

from __future__ import annotations

import resource
import time

from bench import row

from fournines.availability.downtime import simulate
from fournines.availability.renewal import Part
from fournines.availability.renewal import simulate as renew
from fournines.availability.streams import Fixed, LogNormal, Stream

YEARS = 1_000_000
STREAMS = [
    *(Stream(f"failover {at}", 4, 20, Fixed()) for at in range(8)),
    *(Stream(f"failover of an uncertain rate {at}", 4, 20, Fixed(), 3.0, f"cause {at % 3}") for at in range(8)),
    *(Stream(f"quorum {at}", 0.5, 3600) for at in range(8)),
    *(Stream(f"uncovered {at}", 0.004, 14400, LogNormal(2.5), 3.0) for at in range(8)),
    *(Stream(f"rare {at}", 1e-5, 7200) for at in range(8)),
]


def main() -> None:
    print(f"{'figure':<44} {'asked':>10} {'measured':>22} {'load':>6}")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, cpu = time.monotonic(), time.process_time()
    simulate(STREAMS, 3153.6, years=YEARS)
    wall, cpu = time.monotonic() - began, time.process_time() - cpu
    row(f"{YEARS:.0e} years of {len(STREAMS)} streams (CPU)", "120 s", f"{wall:.1f} s ({cpu:.1f} s)")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    row("  memory at its peak (before)", "-", f"{peak / 1024:.0f} MB ({before / 1024:.0f} MB)")

    hosts = [Part(f"h{at}", 2880, 2) for at in range(30)]
    hours = 1e5 * 8760 / len(hosts)
    began, cpu = time.monotonic(), time.process_time()
    renew(hosts, lambda failed: len(failed) >= 2, hours)
    wall, cpu = time.monotonic() - began, time.process_time() - cpu
    row("1e5 component-years of 30 hosts (CPU)", "-", f"{wall:.1f} s ({cpu:.1f} s)")


if __name__ == "__main__":
    main()
