"""What makes hosts unfit to be worked on, told before anything is written: a wrong clock, no room, mixed versions,
another's disk.

All of it was seen by the one look that a plan needs anyway.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from fournines.converge import base
from fournines.converge.look import HostLook
from fournines.converge.resources import Package
from fournines.converge.steps import Stage
from fournines.converge.transport import united
from fournines.errors import HostError, NinesError

CLOCK_BOUND = 5.0
"""Seconds. A service counts as gone after 15 s without a report, by the clock of the host that reported."""
ROOM = 64 << 20
"""Bytes. With less no daemon can be started for long: journals and logs alone take that."""
INODES = 1000


def refuse_unfit(stages: Iterable[Stage], looks: Mapping[str, HostLook]) -> None:
    """Raises one NinesError that tells everything that is wrong, each with host, service and numbers."""
    installed = {host: seen.versions for host, seen in looks.items()}
    refuse([*_clocks(looks), *_rooms(looks), *_refused(looks), *mixed_versions(stages, installed)])


def refuse(errors: list[NinesError]) -> None:
    """Raises them as one, when there is any."""
    if errors:
        raise united(errors)


def _clocks(looks: Mapping[str, HostLook]) -> list[NinesError]:
    off = {host: seen.clock_off for host, seen in looks.items()}
    wrong = {host: by for host, by in off.items() if abs(by) > CLOCK_BOUND}
    if len(off) > 1 and len(wrong) == len(off) and max(off.values()) - min(off.values()) <= CLOCK_BOUND:
        by = -sum(off.values()) / len(off)
        return [
            NinesError(
                f"the clock of this machine is {_seconds(by)} that of all hosts: they would take its certificates for "
                "those of another time",
                "set it: timedatectl set-ntp true",
            )
        ]
    return [
        HostError(
            host,
            f"its clock is {_seconds(by)} this machine's: other hosts would refuse its tokens and certificates, "
            "and count its services as gone",
            f"set it, and keep it set: apt-get install chrony on {host}",
        )
        for host, by in wrong.items()
    ]


def _seconds(by: float) -> str:
    return f"{abs(by):.0f} s {'ahead of' if by > 0 else 'behind'}"


def _rooms(looks: Mapping[str, HostLook]) -> list[NinesError]:
    errors: list[NinesError] = []
    for host, seen in looks.items():
        for room in seen.room:
            what = f"{room.bytes >> 20} MiB" if room.bytes < ROOM else ""
            if not what and room.inodes is not None and room.inodes < INODES:
                what = f"{room.inodes} inodes"
            if what:
                errors.append(
                    HostError(
                        host,
                        f"the disk is full: {what} free in {room.path}, where {_some(room.services)} write",
                        f"make room in {room.path} (at least {ROOM >> 20} MiB and {INODES} inodes), then run it again",
                    )
                )
    return errors


def _refused(looks: Mapping[str, HostLook]) -> list[NinesError]:
    """What a host's agent will not touch, such as a disk with somebody's data."""
    return [
        HostError(host, f"{change.service}: {change.subject}: {change.diff}", "see the cloud file, or the host")
        for host, seen in looks.items()
        for change in seen.changes
        if change.action == "refuse"
    ]


def mixed_versions(stages: Iterable[Stage], installed: Mapping[str, Mapping[str, str]]) -> list[NinesError]:
    """A member of a service that was upgraded, or left behind, alone. `installed`: host -> package -> version."""
    errors: list[NinesError] = []
    for stage in stages:
        if stage.name == base.NAME:
            continue
        wanted = {part.host: [r.name for r in part.resources if isinstance(r, Package)] for part in stage.parts}
        odd: dict[str, dict[str, tuple[str, str]]] = {}
        for name in dict.fromkeys(name for names in wanted.values() for name in names):
            have = {host: installed[host][name] for host in wanted if name in installed.get(host, {})}
            usual = Counter(have.values()).most_common(1)
            for host, version in have.items():
                if version != usual[0][0]:
                    odd.setdefault(host, {})[name] = version, usual[0][0]
        for host, packages in odd.items():
            told = [f"{name} {version} (others: {usual})" for name, (version, usual) in packages.items()]
            same = " ".join(f"{name}={usual}" for name, (_, usual) in packages.items())
            errors.append(
                HostError(
                    host,
                    f"{stage.name}: half upgraded: {_some(told)}",
                    f"have one version on all hosts: apt-get install {same} on {host}, or upgrade the others too",
                )
            )
    return errors


def _some(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
