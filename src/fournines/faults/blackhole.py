"""Isolation of a host whose links look well: nothing reaches it and nothing of it is heard, but it keeps its carrier.

As when a switch forwards nothing any more. `host-isolate` takes the carrier too, as when a cable is pulled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fournines.faults._filter import Filter
from fournines.hosts import Host


class Blackhole(Filter):
    name = "blackhole"
    letter = "D"
    silences = True
    cuts = "apart"

    def dropped(self, host: Host, targets: Sequence[Host]) -> Mapping[str, Sequence[str]]:
        return {"input": ["drop"], "output": ["drop"]}
