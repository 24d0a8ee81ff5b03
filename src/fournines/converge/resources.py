"""The desired state of a host as plain data.

Services yield these; the planner sends them as JSON to the agent on each host, which reads the actual
state in one pass and answers with differences. A kind added here needs its handler in `agent/kinds.py` and a
fixture in `tests/unit/converge/fixtures/`.

Modes are integers (0o644). Text content is UTF-8. A value marked secret is masked in every diff, log and journal.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One thing that must be so on a host."""

    kind: ClassVar[str] = ""

    def as_data(self) -> dict[str, Any]:
        """JSON-ready mapping with `kind` and every field."""
        return {"kind": self.kind, **asdict(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Package(Resource):
    """A Debian package is installed (any version)."""

    kind = "package"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class User(Resource):
    """A system user exists, with these supplementary groups at least."""

    kind = "user"
    name: str
    groups: tuple[str, ...] = ()
    home: str = "/nonexistent"
    shell: str = "/usr/sbin/nologin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory(Resource):
    kind = "directory"
    path: str
    owner: str = "root"
    group: str = "root"
    mode: int = 0o755


@dataclass(frozen=True, slots=True, kw_only=True)
class File(Resource):
    """A file with exactly this content. Written to a temporary name and renamed: never half there."""

    kind = "file"
    path: str
    content: str
    owner: str = "root"
    group: str = "root"
    mode: int = 0o644
    secret: bool = False
    once: bool = False
    """Write it only where there is none; what is there later is the daemon's own business."""
    oslo: tuple[str, ...] = ()
    """Of an OpenStack INI file: the namespaces (as oslo-config-generator takes them, the service's own first) that
    together have every option in it. An option that none of them has is refused before anything is written."""
    oslo_groups: tuple[tuple[str, str], ...] = ()
    """(section, group): a section that the file itself names, such as a storage backend's, takes the options of that
    group. Sections with an `auth_type` take those of that keystoneauth plugin without being told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link(Resource):
    kind = "link"
    path: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent(Resource):
    """Nothing exists at this path (a folder only when empty)."""

    kind = "absent"
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sysctl(Resource):
    """A kernel setting now and at boot (one file a key under /etc/sysctl.d)."""

    kind = "sysctl"
    key: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount(Resource):
    """A file system is mounted now and at boot (/etc/fstab)."""

    kind = "mount"
    path: str
    source: str
    fstype: str
    options: str = "defaults"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk(Resource):
    """A disk that a daemon is given whole is there, large enough, the right one, and free or the daemon's own.

    One that is not so is refused before anything is touched.
    """

    kind = "disk"
    path: str
    minimum: int
    """Bytes."""
    serial: str | None
    """The drive's; None: any."""
    ours: str
    """How a disk begins that the daemon has already made its own."""
    wipe: bool = False
    """Whatever else is on it may be lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit(Resource):
    """A systemd unit: enabled, running, and restarted or reloaded exactly when a file that it reads has changed.

    The agent keeps, on the host, the digests of what `reads` and `reload_reads` held when it last started (or
    reloaded) the unit; a unit whose digest differs is stale. So a run killed between writing a file and restarting
    the unit loses nothing.
    """

    kind = "unit"
    name: str
    """With its suffix: `mariadb.service`."""
    enabled: bool | None = True
    """None: leave as it is (Pacemaker's business)."""
    running: bool | None = True
    """None: never started, stopped or restarted by the agent; reloaded while it runs."""
    masked: bool = False
    reads: tuple[str, ...] = ()
    """Paths of `File` resources whose change makes the running unit stale: it is restarted."""
    reload_reads: tuple[str, ...] = ()
    """Those for which a reload is enough: certificates, most often."""
