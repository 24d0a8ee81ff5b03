"""From a cloud's file or name, as given on the command line, to what verbs work with."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fournines.cloud import Cloud, find_cloud
from fournines.errors import HostError, NinesError, SpecError
from fournines.hosts import Fleet, Host
from fournines.spec.document import Mapping as Document
from fournines.spec.document import place
from fournines.state import State


def load(given: str | None) -> Cloud:
    """The cloud of a file or name; None: $NINES_CLOUD, else lab. Raises SpecError."""
    return load_placed(given)[0]


def load_placed(given: str | None, changes: Sequence[str] = ()) -> tuple[Cloud, Places]:
    """The same with these changes (`--set`), and where everything stands in its file."""
    from fournines.cloud import load_with_places
    from fournines.services import catalogue

    path = find_cloud(given)
    cloud, document = load_with_places(path, catalogue(), changes)
    return cloud, Places(path, document)


@dataclass(frozen=True, slots=True)
class Places:
    """Where the parts of a cloud stand in its file."""

    path: Path
    document: Document

    def of(self, loc: tuple[str, ...]) -> str:
        """`file:line:column` of the key with that path, or of the last part of it that the file has."""
        mark = place(self.document, loc, key=True)
        return f"{self.path}:{mark.line}:{mark.column}"


def wiping(cloud: Cloud, serials: Collection[str] | None) -> Cloud:
    """The cloud with these disks free to be taken whatever they hold. Raises NinesError for one that it has not."""
    wanted = set(serials or ())
    known = {disk.serial for host in cloud.hosts for disk in host.disks}
    if unknown := sorted(wanted - known):
        from fournines.spec.problems import suggest

        near = suggest(unknown[0], sorted(filter(None, known)))
        remedy = (
            "write its serial number into the cloud file, beside the disk's device; nines plan tells which disk it is"
        )
        raise NinesError(f"--wipe {unknown[0]}: no disk of {cloud.name} has that serial number{near}", remedy)
    if not wanted:
        return cloud
    hosts = {
        host.name: replace(host, disks=tuple(replace(disk, wipe=disk.serial in wanted) for disk in host.disks))
        for host in cloud.hosts
    }
    services = {
        name: replace(placement, hosts=tuple(hosts[host.name] for host in placement.hosts))
        for name, placement in cloud.services.items()
    }
    return replace(cloud, hosts=tuple(hosts.values()), services=services)


def connect(given: str | None, wipe: Collection[str] | None = None) -> tuple[Cloud, State, Fleet]:
    """The cloud, its state and its hosts, none of them asked yet. Raises SpecError."""
    from fournines.hosts.fleet import fleet

    cloud = wiping(load(given), wipe)
    state = State(cloud.name)
    return cloud, state, fleet(cloud, state)


def host(fleet: Fleet, name: str) -> Host:
    """The host of that name. Raises HostError, suggesting the near name."""
    if name in fleet:
        return fleet[name]
    from fournines.spec.problems import suggest

    raise HostError(name, f"no such host in this cloud{suggest(name, list(fleet))}")


def name(given: str | None) -> str:
    """The cloud's name, also when its file cannot be read any more: what is to be taken down needs no design.

    Of the file only one line is looked at, `name: ...`; without it, the name is what was given. Raises NinesError.
    """
    wanted = given or os.environ.get("NINES_CLOUD") or "lab"
    try:
        text = find_cloud(wanted).read_text(encoding="utf-8")
    except (SpecError, OSError, ValueError):
        text = ""
    found = re.search(r"^name:[ \t]*['\"]?([a-z][a-z0-9-]*)['\"]?[ \t]*(#.*)?$", text, re.MULTILINE)
    result = found[1] if found else Path(wanted).stem
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,15}", result):
        raise NinesError(f"{result!r} cannot be the name of a cloud", "give the cloud's name or file")
    return result


def refuse_unless_lab(given: str | None) -> None:
    """Raises NinesError when the file says that the hosts are not ours. A file that cannot be read says nothing."""
    try:
        cloud = load(given)
    except SpecError:
        return
    if cloud.provider != "lab":
        raise NinesError(
            f"the hosts of {cloud.name} are real ones (provider {cloud.provider}): nines does not take them down",
            "stop or reinstall them yourself",
        )
