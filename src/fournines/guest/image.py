"""The guest's disk: a raw file, because Ceph clones only those, of a kernel, BusyBox and our scripts.

    images/guest/HASH/disk.raw      the disk, sparse: boot record, FAT with kernel and initrd, ext4 for the guest's own
    images/guest/HASH/recipe.json   what it was made from; HASH is its digest
    images/guest/HASH/build.log     what mmdebstrap and the tools said
    images/guest/.build-HASH/, .lock, debs/   as `mmdebstrap` keeps them, apart from those of the lab's image

Debian's packages are unpacked and never configured, which takes seconds, and their own mkfs and boot loader run in
there: this machine needs only mmdebstrap. Nothing is mounted: SYSLINUX installs itself into a file.

The disk boots by BIOS and is `/dev/vda` (virtio-blk) of a machine with at least 96 MB. It may be larger than the image,
as a volume is: what comes after the second partition is not used.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import time
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

from fournines import mmdebstrap
from fournines.converge.events import Event, Observer
from fournines.errors import NinesError
from fournines.guest import cpio, disk, modules
from fournines.state import images_folder

_STAGE = "guest"
_FORMAT = 1
"""Raise it when the same recipe comes out differently."""
_PACKAGES = (
    "base-files",
    "busybox-static",
    "coreutils",
    "dash",
    "dosfstools",
    "e2fsprogs",
    "linux-image-cloud-amd64",
    "mtools",
    "syslinux",
)
_MODULES = (
    "virtio_net",
    "virtio_blk",
    "virtio_pci",
    "virtio-rng",
    "ext4",
    "crc32c_generic",
    "af_packet",
    "button",
    "evdev",
)
"""Modules or built in, which differs between kernels. The last two are for the power button."""
_PARAMETERS = (
    "console=ttyS0",
    "quiet",
    "panic=5",
    "mitigations=off",
    "no_timer_check",
    "tsc=reliable",
    "random.trust_cpu=on",
)
_PARTITIONS = (disk.Partition(disk.FAT16, 31), disk.Partition(disk.LINUX, 16))
_SIGNATURE = 0x6E696E65

_TOOLS = """\
set -e
cd /build
mkfs.fat -C -F 16 -h {hidden} -n NINES --invariant boot.fat {boot}
mcopy -i boot.fat vmlinuz initrd syslinux.cfg ::
syslinux --install boot.fat
mke2fs -q -t ext4 -b 1024 -m 0 -L nines-guest -E lazy_itable_init=0,lazy_journal_init=0 data.ext4 {data}M
"""
"""Runs in the unpacked packages. SYSLINUX looks for its partition where `-h` says, in sectors."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What the guest is made from."""

    suite: str
    packages: tuple[str, ...]
    modules: tuple[str, ...]
    parameters: tuple[str, ...]
    """Of the kernel."""
    partitions: tuple[disk.Partition, ...]
    tools: str
    inside: dict[str, str]
    """Files of `inside/`: name -> text."""
    format: int = _FORMAT

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text().encode()).hexdigest()[:16]

    def text(self) -> str:
        return json.dumps(asdict(self), indent=1, sort_keys=True)


def recipe() -> Recipe:
    """The guest's recipe."""
    folder = files("fournines.guest").joinpath("inside")
    inside = {one.name: one.read_text(encoding="utf-8") for one in folder.iterdir() if one.is_file()}
    boot, data = _PARTITIONS
    tools = _TOOLS.format(hidden=disk.FIRST * disk.MIB // disk.SECTOR, boot=boot.size * 1024, data=data.size)
    return Recipe("trixie", _PACKAGES, _MODULES, _PARAMETERS, _PARTITIONS, tools, inside)


def folder() -> Path:
    """Where guests are kept."""
    return images_folder() / "guest"


def ensure(observer: Observer) -> Path:
    """The raw disk of the guest, built when there is none; never write to it. Needs root.

    Raises NinesError with what is missing here, or with the end of the log.
    """
    wanted = recipe()
    built = folder() / wanted.digest / "disk.raw"
    if built.is_file():
        return built
    if os.geteuid():
        raise NinesError("building the guest needs root", "run it as root")
    if not shutil.which("mmdebstrap"):
        raise NinesError("building the guest needs mmdebstrap", "apt-get install mmdebstrap")
    folder().mkdir(parents=True, exist_ok=True)
    with mmdebstrap.locked(folder(), _STAGE, observer):
        if not built.is_file():
            mmdebstrap.clean(folder())
            _build(wanted, observer)
    return built


def _build(wanted: Recipe, observer: Observer) -> None:
    start = time.monotonic()
    observer(Event("start", _STAGE, "a kernel, BusyBox and our scripts on a disk"))
    making = folder() / f".build-{wanted.digest}"
    debs = folder() / "debs"
    making.mkdir()
    debs.mkdir(exist_ok=True)
    (making / "recipe.json").write_text(wanted.text() + "\n")
    root = making / "root"
    options = (f"--extract-hook={mmdebstrap.keep(debs)}",)
    log = making / "build.log"
    status = mmdebstrap.run(
        mmdebstrap.command(wanted.suite, "extract", wanted.packages, root, debs, options), log, _STAGE, observer
    )
    if status:
        raise mmdebstrap.failure("the guest", status, log)
    work = root / "build"
    work.mkdir()
    kernel = _only(root / "boot", "vmlinuz-*")
    kernel.rename(work / "vmlinuz")
    (work / "initrd").write_bytes(gzip.compress(initrd(wanted, root), mtime=0))
    (work / "syslinux.cfg").write_text(
        f"DEFAULT guest\nLABEL guest\n LINUX vmlinuz\n INITRD initrd\n APPEND {' '.join(wanted.parameters)}\n"
    )
    log = making / "tools.log"
    status = mmdebstrap.run(
        (*mmdebstrap.OWN, f"--mount-proc={root}/proc", "chroot", str(root), "sh", "-c", wanted.tools),
        log,
        _STAGE,
        observer,
    )
    if status:
        raise NinesError(f"making the guest's file systems failed (exit {status}); {log}:\n{log.read_text()[-600:]}")
    code = (root / "usr/lib/SYSLINUX/mbr.bin").read_bytes()
    parts = zip(wanted.partitions, (work / "boot.fat", work / "data.ext4"), strict=True)
    disk.write(making / "disk.raw", disk.boot_record(code, _SIGNATURE, wanted.partitions), list(parts))
    shutil.rmtree(root)
    making.rename(folder() / wanted.digest)
    observer(Event("done", _STAGE, wanted.digest, seconds=time.monotonic() - start))


def initrd(wanted: Recipe, root: Path) -> bytes:
    """The initial RAM disk, which the guest never leaves. `root` has the unpacked packages."""
    loaded = modules.needed(_only(root / "usr/lib/modules", "*"), wanted.modules)
    scripts = {name: text.encode() for name, text in wanted.inside.items() if name.endswith(".sh")}
    answers = {"status.sh": "index.cgi", "write.sh": "write", "renew.sh": "renew", "disks.sh": "disks"}
    folders = (
        "bin",
        "data",
        "dev",
        "etc",
        "etc/acpi",
        "etc/acpi/PWRF",
        "lib",
        "lib/guest",
        "lib/modules",
        "proc",
        "run",
    )
    return cpio.archive(
        [
            *(cpio.folder(path) for path in (*folders, "sys", "tmp", "www", "www/cgi-bin")),
            cpio.file("bin/busybox", (root / "usr/bin/busybox").read_bytes(), 0o755),
            cpio.link("bin/sh", "busybox"),
            cpio.link("init", "bin/busybox"),
            cpio.file("etc/inittab", wanted.inside["inittab"].encode()),
            # What BusyBox's acpid runs when the power button is pressed.
            cpio.file("etc/acpi/PWRF/00000080", b"#!/bin/sh\npoweroff\n", 0o755),
            *(cpio.file(f"lib/guest/{name}", text, 0o755) for name, text in scripts.items()),
            # BusyBox's httpd runs index.cgi for a folder without an index.
            *(cpio.link(f"www/cgi-bin/{name}", f"/lib/guest/{script}") for script, name in answers.items()),
            cpio.file("lib/modules/order", "".join(f"{name}.ko\n" for name in loaded).encode()),
            *(cpio.file(f"lib/modules/{name}.ko", module) for name, module in loaded.items()),
        ]
    )


def _only(folder: Path, pattern: str) -> Path:
    found = list(folder.glob(pattern))
    if len(found) != 1:
        raise NinesError(
            f"expected one {pattern} in {folder}, found {len(found)}", "report it: Debian's kernel changed"
        )
    return found[0]
