"""A host for the tests of converge: the real agent, run as on a host, under a folder as its root."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import host_os

from fournines.converge.agent import programs
from fournines.converge.agent.line import Line
from fournines.converge.agent.machine import Machine, Refusal
from fournines.converge.agent.main import OPERATIONS
from fournines.converge.agent.programs import Ran
from fournines.converge.resources import Resource
from fournines.converge.transport import Progress, call
from fournines.errors import HostError

PROGRAMS = [
    "systemctl",
    "journalctl",
    "dpkg",
    "dpkg-query",
    "apt-get",
    "mount",
    "useradd",
    "usermod",
    "groupadd",
    "userdel",
    "groupdel",
    "sysctl",
    "update-ca-certificates",
]
HERE = Path(__file__).parent
NOWHERE = Path("/nowhere")


def install_doubles(folder: Path) -> Path:
    """A folder with the doubles of all system programs and python3, for PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    python = Path(sys.executable).resolve()
    for name in PROGRAMS:
        double = folder / name
        double.write_text(f"#!{python} -IS\n" + (HERE / "host_os.py").read_text())
        double.chmod(0o755)
    if not (folder / "python3").exists():
        (folder / "python3").symlink_to(python)
    return folder


@dataclass(frozen=True)
class LocalHost:
    """Runs commands on this machine, with `root` as the agent's root and the doubles first in PATH."""

    name: str
    root: Path
    doubles: Path

    def argv(self, command: Sequence[str]) -> list[str]:
        path = f"PATH={self.doubles}:/usr/bin:/bin"
        return ["env", "-i", path, f"NINES_ROOT={self.root}", *command]

    def prepare(self) -> LocalHost:
        """Lay out what every system has."""
        self.put("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\nmemcache:x:110:120::/nonexistent:/bin/false\n")
        self.put("/etc/group", "root:x:0:\nmemcache:x:120:\nadm:x:4:\n")
        self.put("/proc/self/mounts", "overlay / overlay rw 0 0\n")
        self.put("/proc/sys/net/ipv4/tcp_retries2", "15\n")
        return self

    def path(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def put(self, path: str, content: str, mode: int = 0o644) -> None:
        self.path(path).parent.mkdir(parents=True, exist_ok=True)
        self.path(path).write_text(content)
        self.path(path).chmod(mode)

    def calls(self) -> list[str]:
        """Changing calls of system programs since the last time this was asked."""
        log = self.path("/calls")
        if not log.exists():
            return []
        found = log.read_text().splitlines()
        log.unlink()
        return found

    def units(self) -> dict[str, dict[str, Any]]:
        path = self.path("/units.json")
        return json.loads(path.read_text()) if path.exists() else {}

    def set_unit(self, name: str, **fields: object) -> None:
        units = self.units()
        units.setdefault(name, {}).update(fields)
        self.put("/units.json", json.dumps(units))

    def ask(self, op: str, progress: Callable[[str, float], None] | None = None, **request: Any) -> dict[str, Any]:
        return call(self, {"op": op, **request}, timeout=60, progress=progress)

    def here(self, op: str, **request: Any) -> dict[str, Any]:
        """An operation of the agent in this process: quicker. For the fixture `inside`."""
        assert os.environ["NINES_ROOT"] == str(self.root)
        return OPERATIONS[op](Machine(str(self.root)), request, Line(io.StringIO()))

    def look(self, *resources: Resource) -> list[dict[str, Any]]:
        return self.here("look", resources=[r.as_data() for r in resources], checks={}, limit=10)["changes"]

    def write(self, *resources: Resource) -> dict[str, Any]:
        return self.here("write", resources=[r.as_data() for r in resources])


real_execute = programs.execute


def execute_doubles(argv: list[str], stdin: str = "", timeout: float = 60.0) -> Ran:
    """In place of the agent's `execute`: the doubles without processes, for tests that run them many times."""
    if argv[0] not in PROGRAMS:
        return real_execute(argv, stdin, timeout)
    host_os.here.out, host_os.here.err = out, err = io.StringIO(), io.StringIO()
    code = host_os.main(argv[0], argv[1:])
    return Ran(code, out.getvalue(), err.getvalue())


class Progresses(io.StringIO):
    """The operator's end of an agent in this process."""

    def __init__(self, progress: Progress | None) -> None:
        super().__init__()
        self.progress = progress

    def write(self, text: str, /) -> int:
        told = json.loads(text)["progress"]
        if self.progress is not None:
            self.progress(told["text"], told["seconds"])
        return len(text)


def call_here(
    host: LocalHost, request: dict[str, Any], *, timeout: float, progress: Progress | None = None
) -> dict[str, Any]:
    """In place of `transport.call`: the agent in this process and thread."""
    if host.doubles == NOWHERE:
        raise HostError(host.name, "no answer")
    host_os.here.root = str(host.root)
    data = json.loads(json.dumps(request))
    try:
        return OPERATIONS[data["op"]](Machine(str(host.root)), data, Line(Progresses(progress)))
    except Refusal as error:
        raise HostError(host.name, str(error), error.remedy) from error
    finally:
        host_os.here.root = None


def words(changes: Sequence[Mapping[str, Any]]) -> list[str]:
    """Changes as short text: `create file /etc/x`."""
    return [f"{change['action']} {change['kind']} {change['subject']}" for change in changes]


def tree(root: Path) -> dict[str, str]:
    """Everything under a root that the agent may write: path -> mode and content."""
    found: dict[str, str] = {}
    for folder, folders, files in os.walk(root):
        for name in [*folders, *files]:
            path = Path(folder) / name
            place = "/" + str(path.relative_to(root))
            if place.startswith(("/proc", "/run/fournines", "/active")) or place in (
                "/calls",
                "/units.json",
                "/systemd.lock",
            ):
                continue
            info = path.lstat()
            if path.is_symlink():
                found[place] = f"-> {path.readlink()}"
            elif path.is_dir():
                found[place] = f"{info.st_mode & 0o7777:04o} folder {info.st_uid}"
            else:
                found[place] = f"{info.st_mode & 0o7777:04o} {info.st_uid} {path.read_text()}"
    return found
