"""A one-way cut: a host hears and is not heard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fournines.faults._filter import Filter
from fournines.hosts import Host


class Mute(Filter):
    name = "mute"
    letter = "D"
    silences = True
    cuts = "apart"

    def dropped(self, host: Host, targets: Sequence[Host]) -> Mapping[str, Sequence[str]]:
        return {"output": ["drop"]}
