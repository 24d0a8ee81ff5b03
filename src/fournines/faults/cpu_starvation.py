"""A host whose processors are taken: everything there gets what a busy loop on each leaves. It lives, and answers late.

The loops have the highest priority that is no real-time one. What has as high a one, as Corosync, is not starved with
the others, and says that all is well. Hosts of a lab have their share of the cores each, and no more is taken.
"""

from __future__ import annotations

from fournines.faults._burden import Burden


class CpuStarvation(Burden):
    """No timer bounds what it costs: what answers late is served from again and again."""

    name = "cpu-starvation"
    letter = "D"
    severs = True
    bounded = False
    program = "take_processors.py"
    # By its weight among the units where systemd shares the processors out, and by its priority where it does not.
    properties = ("Nice=-20", "CPUWeight=10000")
