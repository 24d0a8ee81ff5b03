"""Everything that fournines raises on purpose.

    NinesError                 exit 1
    ├── SpecError              exit 2   the cloud file is wrong: every place, all at once
    ├── PreflightError         exit 3   this machine cannot carry the lab
    ├── LockedError            exit 4   another run works on the same cloud
    ├── HostError              exit 5   a command on a host failed, or the host did not answer
    ├── WaitError              exit 6   something awaited did not happen within its bound
    └── DrillError             exit 7   a drill could not be carried out (not: an audit failed)

The command line prints `str(error)` and the remedy, never a traceback, and exits with `exit_code`.
"""

from __future__ import annotations

from typing import ClassVar


class NinesError(Exception):
    """An expected failure: what happened, and what the reader can do about it."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class SpecError(NinesError):
    """The cloud file is wrong. `message` holds one `file:line:column: text` line for each place."""

    exit_code = 2


class PreflightError(NinesError):
    """This machine lacks something that the lab needs. `message` names it and what works without it."""

    exit_code = 3


class LockedError(NinesError):
    """Another run holds the lock of this cloud."""

    exit_code = 4


class HostError(NinesError):
    """A command on a host failed, or the host could not be reached."""

    exit_code = 5

    def __init__(self, host: str, message: str, remedy: str = "") -> None:
        super().__init__(f"{host}: {message}", remedy)
        self.host = host


class WaitError(NinesError):
    """A bounded wait ran out. `message` says who was awaited, for how long, and what was last seen."""

    exit_code = 6


class DrillError(NinesError):
    """A drill could not be carried out or is void."""

    exit_code = 7
