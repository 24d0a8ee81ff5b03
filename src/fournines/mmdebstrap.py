"""Runs mmdebstrap, for whoever makes something of Debian's packages and keeps it below a folder of its own.

FOLDER/.lock        held by who builds or cleans
FOLDER/.build-*     being built; renamed when complete, removed by the next build when not
FOLDER/debs/        downloaded packages, reused by the next recipe; may be removed at any time
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shlex
import shutil
import subprocess
import threading
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fournines.converge.events import Event, Observer
from fournines.errors import NinesError

LONGEST = 3600.0
"""Seconds that a build may take."""

OWN = (
    "setpriv",
    "--pdeathsig",
    "KILL",
    "unshare",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount",
    "--propagation",
    "slave",
)
"""Before a command: it lives in pid and mount namespaces of its own and dies with its caller."""


@contextlib.contextmanager
def locked(folder: Path, stage: str, observer: Observer, bound: float = LONGEST) -> Generator[None]:
    """Hold that folder: one at a time builds or cleans. The kernel frees it when the process dies."""
    start = time.monotonic()
    with open(folder / ".lock", "a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                elapsed = time.monotonic() - start
                if elapsed > bound:
                    raise NinesError(f"another run builds an image since {bound:g} s") from None
                observer(Event("wait", stage, "another run builds an image", seconds=elapsed))
                time.sleep(1)
        yield


def clean(folder: Path) -> None:
    """Remove what killed builds left. The caller holds the lock."""
    for leftover in folder.glob(".build-*"):
        shutil.rmtree(leftover)


def command(
    suite: str, variant: str, packages: Sequence[str], root: Path, debs: Path, options: Sequence[str]
) -> list[str]:
    """The mmdebstrap that makes `root` with the cached packages of `debs` at hand. `options` are its own, as hooks."""
    return [
        *OWN,
        *("--mount-proc", "mmdebstrap", "--mode=root", f"--variant={variant}", "--format=directory", "--verbose"),
        "--aptopt=APT::Install-Recommends false",
        "--aptopt=Acquire::Languages none",
        # The cached packages must survive until they are linked away again.
        "--skip=download/empty,essential/unlink",
        '--setup-hook=mkdir -p "$1/var/cache/apt/archives" && find ' + shlex.quote(str(debs)) + ' -name "*.deb"'
        ' -exec cp --link --target-directory="$1/var/cache/apt/archives" {} +',
        *options,
        f"--include={','.join(packages)}",
        suite,
        str(root),
    ]


def keep(debs: Path) -> str:
    """A hook, once everything is downloaded: link the packages to `debs`."""
    # coreutils 9.5 deprecates --no-clobber with a warning; 9.1 of Debian 12 knows nothing else.
    once = "--update=none" if _knows_update_none() else "--no-clobber"
    return f'cp --link {once} "$1"/var/cache/apt/archives/*.deb {shlex.quote(str(debs))}'


def _knows_update_none() -> bool:
    done = subprocess.run(["cp", "--help"], capture_output=True, text=True, timeout=10, check=False)
    return "--update[=UPDATE]" in done.stdout and "none-fail" in done.stdout


def failure(what: str, status: int, log: Path) -> NinesError:
    """The error of a build that failed: the end of its log, and what to do."""
    tail = "\n".join(_noteworthy(log.read_text(errors="replace").splitlines())[-12:])
    return NinesError(f"building {what} failed (exit {status}); {log} ends with:\n{tail}", _remedy(tail))


def _noteworthy(lines: list[str]) -> list[str]:
    told = [line for line in lines if line.startswith(("E:", "W:", "dpkg: error", "Err:", "  "))]
    return told or lines


def _remedy(tail: str) -> str:
    if "Unable to locate package" in tail:
        return "the cloud asks for a package that the suite does not have"
    if "keyring" in tail or "NO_PUBKEY" in tail:
        return "apt-get install debian-archive-keyring"
    return "check that this machine reaches a Debian mirror (apt-get update), then run it again"


@dataclass
class Progress:
    """What mmdebstrap's output says about how far it is."""

    doing: str = "asking the archive"
    total: int = 0
    unpacked: int = 0
    configured: int = 0
    before: int = 0
    """Packages that earlier phases announced."""
    finishing: bool = False

    def read(self, line: str) -> None:
        if line.startswith("I: "):
            self.doing = line[3:].strip().rstrip(".")[:60]
            self.finishing = "--customize-hook" in line or self.finishing
        elif found := re.search(r"(\d+) newly installed", line):
            self.total = self.before = self.before + int(found[1])
        elif line.startswith("Unpacking "):
            self.unpacked += 1
        elif line.startswith("Setting up "):
            self.configured += 1

    def __str__(self) -> str:
        if not self.unpacked:
            return self.doing
        if self.finishing:
            return "byte-compiling and cleaning up"
        return f"unpacked {self.unpacked}, configured {self.configured} of {self.total} packages"


def run(argv: Sequence[str], log: Path, stage: str, observer: Observer) -> int:
    """Run it with its output in `log`; tell every second how far it is. Bounded."""
    start = time.monotonic()
    progress = Progress()
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG", "DEB"))}
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**environment, "LANG": "C.UTF-8"},
    )

    def read() -> None:
        with open(log, "w") as file:
            for line in process.stdout or ():
                file.write(line)
                progress.read(line)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        while (elapsed := time.monotonic() - start) < LONGEST:
            try:
                return process.wait(1)
            except subprocess.TimeoutExpired:
                observer(Event("wait", stage, str(progress), seconds=elapsed))
        raise NinesError(f"the image is not built after {LONGEST:g} s", f"see {log}")
    finally:
        if process.poll() is None:
            # SIGKILL of the first process takes its pid namespace with it.
            process.kill()
            process.wait()
        reader.join(10)
