"""Which hosts make the probes that only a host can make."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from fournines.cloud.model import Cloud
from fournines.hosts import Fleet
from fournines.probes import HostProbe, Probe
from fournines.prove.prober import Beat
from fournines.prove.remote import Errand


def errands(
    probes: Iterable[Probe], cloud: Cloud, fleet: Fleet, injured: Collection[str], speed: float
) -> tuple[list[Errand], list[str]]:
    """Of these probes each on the first of its clients that is left alone; who has none, as notes. `speed` multiplies
    their rates."""
    found: list[Errand] = []
    notes: list[str] = []
    for probe in probes:
        if isinstance(probe, HostProbe):
            names = [host.name for host in probe.clients(cloud) if host.name not in injured]
            if names:
                found.append(Errand(probe=probe, beat=Beat.of(probe, speed), host=fleet[names[0]]))
            else:
                notes.append(f"{probe.name} was not made: the drill leaves no host alone that could")
    return found, notes
