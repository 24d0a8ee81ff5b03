"""Results of steps that are kept between clouds: state_root()/kept/NAME-DIGEST, one file a result.

What a result depends on is asked of the host, so that another version of a package has another file. Any of them may
be removed at any time.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from fournines.converge.steps import Command, Keep
from fournines.errors import HostError
from fournines.hosts import Host, run
from fournines.state import state_root, write_private


class Kept:
    """The kept result of one step that is to be run on a host."""

    def __init__(self, keep: Keep, host: Host) -> None:
        self._keep = keep
        self._host = host
        self._found: Path | None = None

    def given(self) -> Command | None:
        """The command that gives the kept result to the host; None when nothing is kept."""
        path = self._path()
        if not path.exists():
            return None
        return replace(self._keep.load, stdin=path.read_text(encoding="ascii"))

    def save(self) -> None:
        """Keep what the step has made. Raises HostError."""
        result = self._ask(self._keep.save)
        if result.strip():
            path = self._path()
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(path, result)

    def _path(self) -> Path:
        if self._found is None:
            key = hashlib.sha256(self._ask(self._keep.key).encode()).hexdigest()[:16]
            self._found = state_root() / "kept" / f"{self._keep.name}-{key}"
        return self._found

    def _ask(self, command: Command) -> str:
        try:
            return run(self._host, command.argv, stdin=command.stdin, timeout=command.timeout)
        except HostError as error:
            raise HostError(self._host.name, f"{self._keep.name}: {error.message}", error.remedy) from error
