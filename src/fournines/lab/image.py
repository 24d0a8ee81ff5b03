"""The image: a Debian root file system with every package of the cloud, built once a recipe.

    images/HASH/root          the root file system, never written to again
    images/HASH/recipe.json   what it was made from; HASH is its digest
    images/HASH/build.log     what mmdebstrap said
    images/HASH/layers/       configuration layers over it (`layers.py`)
    images/.build-HASH/       being built; renamed when complete, removed by the next build when not
    images/debs/              downloaded packages, reused by the next recipe; may be removed at any time

It also holds which options its OpenStack packages know (`converge/agent/oslo.py`).

What makes it fast, in this order: Python is byte-compiled once at the end on all cores and not package by package
(103 s of CPU become 52 s for 487 packages), dpkg does not sync each file, and neither manuals nor translations are
unpacked.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import threading
import time
from collections.abc import Generator, Iterable
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

from fournines.converge.agent import oslo
from fournines.converge.events import Event, Observer
from fournines.errors import NinesError
from fournines.state import images_folder

SUITE = "trixie"
BASE = (
    "ca-certificates",
    "curl",
    "dbus",
    "iproute2",
    "iputils-ping",
    "kmod",
    "nftables",
    "openssh-server",
    "procps",
    "python3",
    "systemd",
    "systemd-sysv",
)
"""What every host has, whatever runs on it."""

_STAGE = "image"
_EXCLUDED = ("/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/man/*")
_LONGEST = 3600.0

# Not by --dpkgopt: mmdebstrap would filter each essential package through a Python program, 25 s in all.
_EXCLUDE = 'printf "path-exclude=%s\\n" {patterns} >"$1/etc/dpkg/dpkg.cfg.d/50nines"'
_NO_COMPILE = (
    'dpkg-divert --quiet --root "$1" --local --no-rename --divert /usr/bin/py3compile.real --add /usr/bin/py3compile'
    ' && ln -s true "$1/usr/bin/py3compile"'
)
_COMPILE_ALL = (
    'rm "$1/usr/bin/py3compile"'
    ' && dpkg-divert --quiet --root "$1" --local --rename --remove /usr/bin/py3compile'
    # Some packages ship files for other Python versions, so its exit status says nothing.
    ' && { chroot "$1" python3 -m compileall -q -j 0 -x "/tests?/" /usr/lib/python3/dist-packages || true; }'
)
_SCHEMA = (
    f'mkdir -p "$1{os.path.dirname(oslo.KEPT)}"'
    ' && chroot "$1" python3 -IB -c '
    + shlex.quote(files(oslo.__package__ or "").joinpath("schema.py").read_text(encoding="utf-8"))
    + f' >"$1{oslo.KEPT}"'
)
"""Asked once here, hosts need not ask for the options that OpenStack's packages know: 6 s of CPU each."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What an image is made from."""

    suite: str
    packages: tuple[str, ...]
    excluded: tuple[str, ...] = _EXCLUDED
    hooks: tuple[str, ...] = (_NO_COMPILE, _COMPILE_ALL, _SCHEMA)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text().encode()).hexdigest()[:16]

    def text(self) -> str:
        return json.dumps(asdict(self), indent=1)


def recipe(packages: Iterable[str]) -> Recipe:
    """The recipe of an image with those Debian packages besides the base. Raises NinesError for a wrong name."""
    wanted = sorted({*BASE, *packages})
    if wrong := [name for name in wanted if not re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", name)]:
        raise NinesError(f"not the name of a Debian package: {', '.join(wrong)}")
    return Recipe(SUITE, tuple(wanted))


def path_of(wanted: Recipe) -> Path:
    """Where its root file system is, or will be."""
    return images_folder() / wanted.digest / "root"


def ensure(wanted: Recipe, observer: Observer) -> Path:
    """The root file system of that recipe, built when there is none. Raises NinesError with the end of the log."""
    root = path_of(wanted)
    if root.is_dir():
        return root
    images_folder().mkdir(parents=True, exist_ok=True)
    with locked(observer):
        if not root.is_dir():
            _clean()
            _build(wanted, observer)
    return root


@contextlib.contextmanager
def locked(observer: Observer, bound: float = _LONGEST) -> Generator[None]:
    """Hold the images: one at a time builds or cleans. The kernel frees it when the process dies."""
    start = time.monotonic()
    with open(images_folder() / ".lock", "a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                elapsed = time.monotonic() - start
                if elapsed > bound:
                    raise NinesError(f"another run builds an image since {bound:g} s") from None
                observer(Event("wait", _STAGE, "another run builds an image", seconds=elapsed))
                time.sleep(1)
        yield


def _clean() -> None:
    for leftover in images_folder().glob(".build-*"):
        shutil.rmtree(leftover)


def command(wanted: Recipe, root: Path, debs: Path) -> list[str]:
    """The mmdebstrap that builds it. It lives in pid and mount namespaces of its own and dies with its caller."""
    cache = shlex.quote(str(debs))
    fetched = f'cp --link --update=none "$1"/var/cache/apt/archives/*.deb {cache}'
    if not _knows_update_none():
        fetched = fetched.replace("--update=none", "--no-clobber")
    return [
        *("setpriv", "--pdeathsig", "KILL"),
        *("unshare", "--pid", "--fork", "--kill-child", "--mount", "--propagation", "slave", "--mount-proc"),
        *("mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory", "--verbose"),
        "--aptopt=APT::Install-Recommends false",
        "--aptopt=Acquire::Languages none",
        "--dpkgopt=force-unsafe-io",
        # The cached packages must survive until they are linked away again.
        "--skip=download/empty,essential/unlink",
        f'--setup-hook=mkdir -p "$1/var/cache/apt/archives" && find {cache} -name "*.deb"'
        ' -exec cp --link --target-directory="$1/var/cache/apt/archives" {} +',
        f"--extract-hook={_EXCLUDE.format(patterns=shlex.join(wanted.excluded))}",
        f"--extract-hook={wanted.hooks[0]}",
        f"--customize-hook={fetched}",
        *(f"--customize-hook={hook}" for hook in wanted.hooks[1:]),
        f"--include={','.join(wanted.packages)}",
        wanted.suite,
        str(root),
    ]


def _knows_update_none() -> bool:
    """coreutils 9.5 deprecates --no-clobber with a warning; 9.1 of Debian 12 knows nothing else."""
    done = subprocess.run(["cp", "--help"], capture_output=True, text=True, timeout=10, check=False)
    return "--update[=UPDATE]" in done.stdout and "none-fail" in done.stdout


def _build(wanted: Recipe, observer: Observer) -> None:
    start = time.monotonic()
    observer(Event("start", _STAGE, f"Debian {wanted.suite} with {len(wanted.packages)} packages and what they need"))
    making = images_folder() / f".build-{wanted.digest}"
    debs = images_folder() / "debs"
    making.mkdir()
    debs.mkdir(exist_ok=True)
    log = making / "build.log"
    (making / "recipe.json").write_text(wanted.text() + "\n")
    status = _run(command(wanted, making / "root", debs), log, observer)
    if status or not (making / "root/usr/lib/systemd/systemd").exists():
        tail = "\n".join(_noteworthy(log.read_text(errors="replace").splitlines())[-12:])
        raise NinesError(f"building the image failed (exit {status}); {log} ends with:\n{tail}", _remedy(tail))
    making.rename(images_folder() / wanted.digest)
    observer(Event("done", _STAGE, wanted.digest, seconds=time.monotonic() - start))


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


def _run(argv: list[str], log: Path, observer: Observer) -> int:
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
        while (elapsed := time.monotonic() - start) < _LONGEST:
            try:
                return process.wait(1)
            except subprocess.TimeoutExpired:
                observer(Event("wait", _STAGE, str(progress), seconds=elapsed))
        raise NinesError(f"the image is not built after {_LONGEST:g} s", f"see {log}")
    finally:
        if process.poll() is None:
            # SIGKILL of the first process takes its pid namespace with it.
            process.kill()
            process.wait()
        reader.join(10)
