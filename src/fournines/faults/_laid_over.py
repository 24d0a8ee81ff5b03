"""Faults of a daemon's files: others are laid over them by mounts, and the daemon is told to take them.

What lies below is never touched. So the good files are back as soon as the mounts are gone: by the heal, by the host's
own timer, by its power. A host that is fenced comes back without.
"""

from __future__ import annotations

import copy
import json
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Literal, Self

from fournines.cloud.model import Host as Specified
from fournines.converge.resources import Resource, Unit
from fournines.errors import DrillError
from fournines.faults import Means, switched_on
from fournines.faults._daemon import DaemonFault
from fournines.faults._program import program
from fournines.faults._timer import armed, disarmed
from fournines.hosts import Host, run
from fournines.services import catalogue

# A unit that is not enabled is Pacemaker's, which starts it where it likes.
# What is armed goes before anything is started: only the mounts are the fault, and what does not come up is seen by
# whoever waits for it.
_UNDO = """
how= unit= others=
if cd {folder} 2> /dev/null; then
    while read -r _ _ _ root path _; do
        case $root in {root}/*) umount --lazy "$path" ;; esac
    done < /proc/self/mountinfo
    read -r how unit others < unit
    cd /
    rm -rf {folder}
fi
{disarm}
[ -n "$unit" ] && [ "$how" != nothing ] || exit 0
systemctl reset-failed "$unit" 2> /dev/null || true
# What reloads a daemon may be refused for what is wrong with it.
if [ "$how" = reload ] && systemctl is-active --quiet "$unit" && systemctl reload "$unit"; then
    :
elif systemctl is-enabled --quiet "$unit"; then
    systemctl --no-block restart "$unit"
fi
# What requires it went down with it, and does not come back with it: Pacemaker with Corosync.
if systemctl is-enabled --quiet "$unit"; then
    for each in $others; do
        if systemctl is-enabled --quiet "$each"; then systemctl --no-block start "$each"; fi
    done
fi
"""


@dataclass(frozen=True, slots=True)
class Change:
    """What a daemon of one host is made to take."""

    units: tuple[str, ...]
    """The first of them that runs is struck."""
    files: Mapping[str, Mapping[str, str]]
    """Path -> `content` that it seems to have, or what seems to stand before it (`prepend`)."""
    how: Literal["reload", "restart", "nothing"]
    """Nothing: it reads them anew whenever it needs them."""


class LaidOver(DaemonFault):
    """Heal: the daemon has its own files again, and is started with them."""

    down: bool = False
    """It must not run with them."""
    _changes: Mapping[str, Change] | None = None

    @abstractmethod
    def change(self, means: Means, host: Specified, units: Sequence[Unit], resources: Sequence[Resource]) -> Change:
        """Of one host: its units that are struck, and all that the service wants there. Raises DrillError."""

    def equipped(self, means: Means, names: Sequence[str]) -> Self:
        """Raises DrillError where there is nothing to lay over."""
        changes: dict[str, Change] = {}
        for name in names:
            host = means.cloud.host(name)
            if host not in means.cloud.services[self.stops].hosts:
                raise DrillError(f"{name} has no {self.stops}", "aim at a host that has")
            resources = list(catalogue()[self.stops].resources(means.cloud, host, means.vault))
            units = [each for each in resources if isinstance(each, Unit) and fnmatch(each.name, self.units)]
            if not units:
                raise DrillError(f"{name} has no {self.units}", "aim at a host that has")
            changes[name] = self.change(means, host, units, resources)
        equipped = copy.copy(self)
        equipped._changes = changes
        return equipped

    def inject(self, targets: Sequence[Host]) -> None:
        if self._changes is None:
            raise TypeError(f"{self.name} was not equipped")
        for host in targets:
            change = self._changes[host.name]
            asked = {
                "folder": self._folder,
                "undo": self._undo,
                "arm": armed(self.name, f"sh {self._folder}/undo"),
                "files": change.files,
                "units": change.units,
                "how": change.how,
                "down": self.down,
            }
            run(host, ["python3", "-c", program("lay_over.py")], stdin=json.dumps(asked), timeout=150)

    def heal(self, targets: Sequence[Host]) -> None:
        for host in targets:
            if switched_on(host):
                run(host, ["sh", "-ec", self._undo], timeout=150)

    @property
    def _folder(self) -> str:
        return f"/run/nines-{self.name}"

    @property
    def _undo(self) -> str:
        # As a mount's root is told: below the filesystem that is mounted at /run.
        root = self._folder.removeprefix("/run")
        return _UNDO.format(folder=self._folder, root=root, disarm=disarmed(self.name))
