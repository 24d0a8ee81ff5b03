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

import hashlib
import json
import os
import re
import shlex
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

from fournines import mmdebstrap
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
            mmdebstrap.clean(images_folder())
            _build(wanted, observer)
    return root


def locked(observer: Observer) -> AbstractContextManager[None]:
    """Hold the images: one at a time builds or cleans."""
    return mmdebstrap.locked(images_folder(), _STAGE, observer)


def command(wanted: Recipe, root: Path, debs: Path) -> list[str]:
    """The mmdebstrap that builds it."""
    return mmdebstrap.command(
        wanted.suite,
        "minbase",
        wanted.packages,
        root,
        debs,
        (
            "--dpkgopt=force-unsafe-io",
            f"--extract-hook={_EXCLUDE.format(patterns=shlex.join(wanted.excluded))}",
            f"--extract-hook={wanted.hooks[0]}",
            f"--customize-hook={mmdebstrap.keep(debs)}",
            *(f"--customize-hook={hook}" for hook in wanted.hooks[1:]),
        ),
    )


def _build(wanted: Recipe, observer: Observer) -> None:
    start = time.monotonic()
    observer(Event("start", _STAGE, f"Debian {wanted.suite} with {len(wanted.packages)} packages and what they need"))
    making = images_folder() / f".build-{wanted.digest}"
    debs = images_folder() / "debs"
    making.mkdir()
    debs.mkdir(exist_ok=True)
    log = making / "build.log"
    (making / "recipe.json").write_text(wanted.text() + "\n")
    status = mmdebstrap.run(command(wanted, making / "root", debs), log, _STAGE, observer)
    if status or not (making / "root/usr/lib/systemd/systemd").exists():
        raise mmdebstrap.failure("the image", status, log)
    making.rename(images_folder() / wanted.digest)
    observer(Event("done", _STAGE, wanted.digest, seconds=time.monotonic() - start))
