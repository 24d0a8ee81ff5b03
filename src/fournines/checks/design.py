"""What a check looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from fournines.cloud.model import Cloud, Host
from fournines.cloud.timers import Timers
from fournines.predict.analysis import Analysis, analyse
from fournines.services import Service, catalogue


@dataclass(frozen=True)
class Design:
    """A resolved cloud, with what follows from it, computed once and only when asked for."""

    cloud: Cloud

    @property
    def timers(self) -> Timers:
        return self.cloud.timers

    @property
    def services(self) -> Mapping[str, Service]:
        """Every service there is, by name; those of the cloud are in `cloud.services`."""
        return catalogue()

    @cached_property
    def analyses(self) -> Mapping[str, Analysis]:
        """User-visible service -> its fault tree, solved."""
        return {each.visible.name: each for each in analyse(self.cloud)}

    def hosts_of(self, service: str) -> tuple[Host, ...]:
        """Hosts that run it; none where the cloud does not have it."""
        placement = self.cloud.services.get(service)
        return placement.hosts if placement else ()
