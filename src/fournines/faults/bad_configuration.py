"""An operator's typo: a line that no daemon takes in each of its files of configuration on one member, and a restart.

It ends with the first line of its start, and so does each attempt to start it again: the others must do without it.
"""

from __future__ import annotations

from collections.abc import Sequence

from fournines.cloud.model import Host as Specified
from fournines.converge.resources import File, Resource, Unit
from fournines.errors import DrillError
from fournines.faults import Means
from fournines.faults._laid_over import Change, LaidOver

# Before all else: below its last heading it might be in a part that the daemon does not read.
_TYPO = "this is an operator's typo {\n"
_STRICT = (".conf", ".cfg", ".cnf", ".py")
"""How files end whose readers refuse a line that they do not know."""
_LENIENT = ("/etc/memcached.conf",)
"""Those of them whose readers pass over it."""


class BadConfiguration(LaidOver):
    name = "bad-configuration"
    letter = "A"
    down = True

    def change(self, means: Means, host: Specified, units: Sequence[Unit], resources: Sequence[Resource]) -> Change:
        files = {each.path for each in resources if isinstance(each, File)}
        read = {path for unit in units for path in (*unit.reads, *unit.reload_reads) if path in files}
        found = sorted(path for path in read if _is_strict(path))
        if not found:
            raise DrillError(f"{units[0].name} on {host.name} has no file that a typo would break", "aim at another")
        changes = {path: {"prepend": _TYPO} for path in found}
        return Change(tuple(unit.name for unit in units), changes, "restart")


def _is_strict(path: str) -> bool:
    """systemd goes on where a line of its own files is wrong."""
    lenient = path.startswith("/etc/systemd/") or path in _LENIENT
    return path.startswith("/etc/") and path.endswith(_STRICT) and not lenient
