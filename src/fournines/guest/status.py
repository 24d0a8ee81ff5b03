"""What the guest answers over HTTP.

GET /                  Status, as JSON
GET /cgi-bin/write     {"microseconds": 8123}, once a write is on its disk; 503 when the disk refused it
GET /cgi-bin/disks     {"disks": ["d8e02d56-2648-49a3-"]}, the serials of those that answer a read just now
GET /cgi-bin/renew     Renewal, as JSON, once a DHCP server has acknowledged its address; 503 when none did
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from fournines.errors import NinesError

_Kind = TypeVar("_Kind")


@dataclass(frozen=True, slots=True)
class Lease:
    """What DHCP gave it last."""

    address: str
    """With the length of its prefix, such as `10.0.2.15/24`."""
    mtu: int
    """What the interface really has."""
    routes: str
    """`NETWORK GATEWAY` in turn, parted by blanks; the gateway 0.0.0.0 is the link itself."""
    server: str
    seconds: int
    """How long it holds, from `age` seconds ago."""
    renewals: int
    """How often a lease was renewed since it booted."""
    age: float
    """Seconds since it was bound or renewed."""


@dataclass(frozen=True, slots=True)
class Renewal:
    """What a DHCP server acknowledged when the guest asked all of them for its own address."""

    address: str
    server: str
    seconds: float
    """From the start of the client that asked to the acknowledgement."""


@dataclass(frozen=True, slots=True)
class GuestStatus:
    """One answer of a guest about itself."""

    hostname: str
    """By metadata, else by DHCP, else `guest`."""
    boot_id: str
    """Another one after each boot of its kernel; the same after a live migration."""
    uuid: str | None
    """Of the server, by metadata; None as long as no metadata came."""
    uptime: float
    """Seconds since its kernel started."""
    lease: Lease | None
    """None without a lease that holds."""
    counter: int | None
    """The highest count that its disk acknowledged: whatever happens, it must not be seen lower after that. Rises once
    a second. None until its disk is mounted and read."""
    counter_age: float | None
    """Seconds since the disk acknowledged it: grows while the disk stalls or refuses. Without a counter, since it looks
    for its disk; None before that."""
    disk_error: str
    """Why the last try failed; empty when it did not."""


def parse(body: str | bytes) -> GuestStatus:
    """The answer to GET /. Raises NinesError for anything else."""
    return _read(body, "", _status)


def written(body: str | bytes) -> float:
    """The answer to GET /cgi-bin/write: how many seconds write and fsync took. Raises NinesError for anything else."""
    return _read(body, " after a write", lambda said: _get(said, "microseconds", int) / 1e6)


def disks(body: str | bytes) -> list[str]:
    """The answer to GET /cgi-bin/disks: serials, the first 20 characters of volumes' ids.

    Raises NinesError for anything else.
    """
    return _read(body, " about disks", _disks)


def renewed(body: str | bytes) -> Renewal:
    """The answer to GET /cgi-bin/renew. Raises NinesError for anything else."""
    return _read(
        body,
        " about DHCP",
        lambda said: Renewal(
            _get(said, "address", str), _get(said, "server", str), _get(said, "microseconds", int) / 1e6
        ),
    )


def _read(body: str | bytes, about: str, take: Callable[[Mapping[str, Any]], _Kind]) -> _Kind:
    try:
        return take(_mapping(json.loads(body)))
    except (KeyError, TypeError, ValueError) as error:
        raise NinesError(f"not what a guest answers{about} ({error!r}): {body[:200]!r}") from error


def _status(said: Mapping[str, Any]) -> GuestStatus:
    uptime = _get(said, "uptime", float)
    lease, disk = said["lease"], said["disk"]
    counted = _mapping(disk) if disk is not None else None
    return GuestStatus(
        hostname=_get(said, "hostname", str),
        boot_id=_get(said, "boot_id", str),
        uuid=_get(said, "uuid", str) or None,
        uptime=uptime,
        lease=_lease(_mapping(lease), uptime) if lease is not None else None,
        counter=_get(counted, "counter", int) if counted and counted["counter"] is not None else None,
        counter_age=uptime - _get(counted, "at", float) if counted else None,
        disk_error=_get(counted, "error", str) if counted else "",
    )


def _disks(said: Mapping[str, Any]) -> list[str]:
    found = said["disks"]
    if not isinstance(found, list) or not all(isinstance(each, str) for each in cast("list[object]", found)):
        raise TypeError(f"disks is {found!r}")
    return cast("list[str]", found)


def _lease(said: Mapping[str, Any], uptime: float) -> Lease:
    return Lease(
        address=_get(said, "address", str),
        mtu=_get(said, "mtu", int),
        routes=_get(said, "routes", str),
        server=_get(said, "server", str),
        seconds=_get(said, "seconds", int),
        renewals=_get(said, "renewals", int),
        age=uptime - _get(said, "at", float),
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{type(value).__name__} instead of an object")
    return cast(Mapping[str, Any], value)


def _get(said: Mapping[str, Any], key: str, kind: type[_Kind]) -> _Kind:
    value = said[key]
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise TypeError(f"{key} is {value!r}")
    return value
