"""A compute host that nobody can manage any more, while its guests go on: storage and their own networks reach it.

The dangerous one. Whoever starts those guests elsewhere must first be sure that they are gone here.
"""

from __future__ import annotations

from fournines.faults.host_isolate import HostIsolate


class ComputeIsolate(HostIsolate):
    name = "compute-isolate"
    letter = "H"
    target = "guests"
    networks = ("management",)
