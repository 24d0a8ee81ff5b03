"""Three of ten packets to a host are lost, as behind a dying cable or a full switch. Nothing fails: it gets slow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fournines.faults._filter import Filter
from fournines.hosts import Host

PERCENT = 30


class PacketLoss(Filter):
    """No timer bounds what it costs: connections are tried again for as long as their clients have patience."""

    name = "packet-loss"
    letter = "B"
    target = "control"
    severs = True
    bounded = False

    def dropped(self, host: Host, targets: Sequence[Host]) -> Mapping[str, Sequence[str]]:
        return {"input": [f"numgen random mod 100 < {PERCENT} drop"]}
