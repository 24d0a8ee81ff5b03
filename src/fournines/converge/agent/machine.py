"""The host's files and programs, below a root."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Generator
from typing import Any

from fournines.converge.agent import programs
from fournines.converge.agent.line import Line

Data = dict[str, Any]
Changes = list[Data]
Pairs = list[tuple[str, str]]
"""(action, diff) of differences."""

STATE = "/var/lib/fournines"
LOCKS = "/run/fournines"
LOCK_BOUND = 180.0


class Refusal(Exception):  # noqa: N818
    """Something that the operator must know: its text is shown as it is, and what to do about it."""

    def __init__(self, text: str, remedy: str = "") -> None:
        super().__init__(text)
        self.remedy = remedy


class Machine:
    """The host's files and programs, below `root`."""

    def __init__(self, root: str = "") -> None:
        self.root = root.rstrip("/")
        self.written: dict[str, None] = {}

    def at(self, path: str) -> str:
        if not path.startswith("/") or ".." in path.split("/"):
            raise Refusal("not an absolute path: " + path)
        return self.root + path

    def read(self, path: str) -> bytes | None:
        """The content of a file; None where there is none."""
        try:
            with open(self.at(path), "rb") as file:
                return file.read()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    def accounts(self, table: str) -> dict[str, list[str]]:
        """/etc/passwd or /etc/group by name."""
        text = (self.read("/etc/" + table) or b"").decode(errors="replace")
        return {line.split(":")[0]: line.split(":") for line in text.splitlines() if line.count(":") >= 3}

    def owner(self, user: str, group: str) -> tuple[int, int] | None:
        """Their ids; None when one is not there (yet)."""
        users, groups = self.accounts("passwd"), self.accounts("group")
        if user not in users or group not in groups:
            return None
        return int(users[user][2]), int(groups[group][2])

    def put(self, path: str, data: bytes, mode: int = 0o644, owner: tuple[int, int] | None = None) -> None:
        """Write a file so that any reader, at any moment, sees the old or the new one, with its owner and mode."""
        real, temporary = self.at(path), self.at(unfinished(path))
        os.makedirs(os.path.dirname(real), 0o755, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with open(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                if owner is not None and os.geteuid() == 0:
                    os.fchown(descriptor, owner[0], owner[1])
                os.fchmod(descriptor, mode)
                os.fsync(descriptor)
            os.replace(temporary, real)
        except OSError:
            # A full disk, most often: no half of a file takes the last room.
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        self.written[os.path.dirname(real)] = None

    def remove(self, path: str) -> None:
        real = self.at(path)
        if os.path.isdir(real) and not os.path.islink(real):
            os.rmdir(real)
        elif os.path.lexists(real):
            os.unlink(real)
        self.written[os.path.dirname(real)] = None

    def link(self, path: str, target: str) -> None:
        real, temporary = self.at(path), self.at(unfinished(path))
        os.makedirs(os.path.dirname(real), 0o755, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        os.symlink(target, temporary)
        os.replace(temporary, real)
        self.written[os.path.dirname(real)] = None

    def settle(self) -> None:
        """Make the renames last through a power loss."""
        for folder in self.written:
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        self.written.clear()

    def tool(self, *argv: str, timeout: float = 60.0) -> str:
        """Standard output of a program that must succeed."""
        ran = programs.execute(list(argv), timeout=timeout)
        if ran.exit is None:
            raise Refusal("{}: no end after {:g} s".format(" ".join(argv)[:200], timeout))
        if ran.exit:
            raise Refusal("{}: exit {}: {}".format(" ".join(argv)[:200], ran.exit, ran.said()))
        return ran.out

    @contextlib.contextmanager
    def lock(self, name: str, line: Line) -> Generator[None, None, None]:
        """Hold a lock of this host. The kernel frees it when the agent ends, however it ends."""
        folder = self.at(LOCKS)
        os.makedirs(folder, 0o700, exist_ok=True)
        with open(os.path.join(folder, name.replace("/", "-") + ".lock"), "a+") as file:
            began = time.monotonic()
            with line.beating(lambda: f"another run still works here ({name})"):
                while True:
                    try:
                        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        break
                    except BlockingIOError:
                        if time.monotonic() - began > LOCK_BOUND:
                            raise Refusal(f"another run has worked on {name} for more than {LOCK_BOUND:g} s") from None
                        time.sleep(0.1)
            yield


def remedy_of(error: OSError) -> str:
    """What to do about an error that is the host's, not ours; empty for others."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "make room on that file system, then run it again"
    if error.errno == errno.EROFS:
        return "it is mounted read-only: see dmesg, mount it read-write, then run it again"
    return ""


def unfinished(path: str) -> str:
    """The temporary name of a file while it is written: fixed, so that the next run finds what a killed one left."""
    folder, name = os.path.split(path)
    return os.path.join(folder, "." + name + ".nines")
