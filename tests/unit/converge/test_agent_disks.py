"""Disks: the right one, large enough, and nobody else's; made empty only when that was said."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from fournines.converge.agent.disks import do_disk, see_disk
from fournines.converge.agent.machine import Machine
from fournines.converge.resources import Disk

OURS = "bluestore block device\n00000000-0000-0000-0000-000000000001\n"
GIB = 1 << 30


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    path = tmp_path / "disk"
    with path.open("wb") as file:
        file.truncate(4 * GIB)
    return path


def wanted(path: Path, root: Path, **more: Any) -> dict[str, Any]:
    return Disk(path=f"/{path.relative_to(root)}", minimum=4 * GIB, serial=None, ours=OURS, **more).as_data()


def write(path: Path, data: bytes, at: int = 0) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)


def test_an_empty_disk_is_fit(disk: Path, tmp_path: Path) -> None:
    assert see_disk(Machine(str(tmp_path)), wanted(disk, tmp_path)) == []


def test_its_own_is_left_alone_even_when_wiping_is_allowed(disk: Path, tmp_path: Path) -> None:
    write(disk, OURS.encode() + b"and its data")
    machine, want = Machine(str(tmp_path)), wanted(disk, tmp_path, wipe=True)
    assert see_disk(machine, want) == []
    do_disk(machine, want)
    assert disk.open("rb").read(200).startswith(OURS.encode() + b"and its data")


def test_one_that_is_not_there(tmp_path: Path) -> None:
    assert see_disk(Machine(str(tmp_path)), wanted(tmp_path / "none", tmp_path)) == [
        ("refuse", "there is no such device")
    ]


def test_a_folder_is_no_disk(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert see_disk(Machine(str(tmp_path)), wanted(tmp_path / "folder", tmp_path)) == [("refuse", "it is not a disk")]


def test_a_small_one(disk: Path, tmp_path: Path) -> None:
    with disk.open("r+b") as file:
        file.truncate(3 * GIB)
    assert see_disk(Machine(str(tmp_path)), wanted(disk, tmp_path)) == [("refuse", "it has 3.0 GiB, and must have 4")]


def make_file_system(disk: Path) -> str:
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-L", "payroll", str(disk)], check=True)
    return "ext4 payroll"


def make_partitions(disk: Path) -> str:
    mbr = bytearray(512)
    mbr[446:462] = bytes([0, 0, 2, 0, 0x83, 0, 0, 0]) + (2048).to_bytes(4, "little") + (4096).to_bytes(4, "little")
    mbr[510:512] = b"\x55\xaa"
    write(disk, bytes(mbr))
    return "dos"


def make_anything(disk: Path) -> str:
    write(disk, b"a database without a file system", 8192)
    return "data of a kind unknown here"


def make_another_osd(disk: Path) -> str:
    write(disk, OURS.replace("1\n", "2\n").encode())
    return "ceph_bluestore"


@pytest.mark.parametrize("make", [make_file_system, make_partitions, make_anything, make_another_osd])
def test_somebodys_data_are_refused_and_taken_when_told(disk: Path, tmp_path: Path, make: Any) -> None:
    held = make(disk)
    machine = Machine(str(tmp_path))
    ((action, why),) = see_disk(machine, wanted(disk, tmp_path))
    assert action == "refuse"
    assert f"it holds somebody's data ({held}" in why
    assert "--wipe /disk" in why
    allowed = wanted(disk, tmp_path, wipe=True)
    ((action, diff),) = see_disk(machine, allowed)
    assert (action, diff.startswith(f"- {held}")) == ("wipe", True)
    do_disk(machine, allowed)
    assert see_disk(machine, wanted(disk, tmp_path)) == []
