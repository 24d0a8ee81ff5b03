"""A one-way cut: a host is heard and hears nothing.

Its word that it lives still reaches the others, so who only listens believes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fournines.faults._filter import Filter
from fournines.hosts import Host


class Deaf(Filter):
    name = "deaf"
    letter = "D"
    silences = True
    cuts = "apart"

    def dropped(self, host: Host, targets: Sequence[Host]) -> Mapping[str, Sequence[str]]:
        return {"input": ["drop"]}
