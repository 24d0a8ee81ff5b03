"""A host's links carry ten megabits a second each way, as when a port came up at the lowest of its speeds.

What is above is dropped, not queued: TCP slows down to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fournines.faults._filter import Filter
from fournines.hosts import Host

KILOBYTES_A_SECOND = 1250
_BURST_KILOBYTES = 64


class Bandwidth(Filter):
    """No timer bounds what it costs: it lasts as long as more is to be carried than is."""

    name = "bandwidth"
    letter = "B"
    target = "control"
    severs = True
    bounded = False

    def dropped(self, host: Host, targets: Sequence[Host]) -> Mapping[str, Sequence[str]]:
        rule = f"limit rate over {KILOBYTES_A_SECOND} kbytes/second burst {_BURST_KILOBYTES} kbytes drop"
        return {"input": [rule], "output": [rule]}
