from __future__ import annotations

import stat
import struct
from pathlib import Path

import pytest

from fournines.errors import NinesError
from fournines.guest import cpio, disk

PARTITIONS = (disk.Partition(disk.FAT16, 3), disk.Partition(disk.LINUX, 2))


def test_the_boot_record_has_its_partitions_where_they_are_written() -> None:
    record = disk.boot_record(b"\xfa" * 400, 0x1234, PARTITIONS)
    assert len(record) == disk.SECTOR
    assert record[:401] == b"\xfa" * 400 + b"\0"
    assert struct.unpack_from("<I", record, 440) == (0x1234,)
    assert record[510:] == b"\x55\xaa"
    entries = [record[446 + 16 * i : 462 + 16 * i] for i in range(4)]
    assert [(one[0], one[4], *struct.unpack_from("<II", one, 8)) for one in entries] == [
        (0x80, 0x0E, 2048, 6144),
        (0x00, 0x83, 8192, 4096),
        (0, 0, 0, 0),
        (0, 0, 0, 0),
    ]


def test_a_boot_program_never_reaches_the_table() -> None:
    with pytest.raises(NinesError, match="441 bytes; 440 fit"):
        disk.boot_record(bytes(441), 1, PARTITIONS)


def test_a_disk_is_its_parts_with_holes(tmp_path: Path) -> None:
    boot, data = tmp_path / "boot", tmp_path / "data"
    boot.write_bytes(b"B" * 5000 + bytes(3 * disk.MIB - 5000))
    data.write_bytes(bytes(2 * disk.MIB - 1) + b"D")
    record = disk.boot_record(b"code", 1, PARTITIONS)
    made = tmp_path / "disk.raw"
    disk.write(made, record, list(zip(PARTITIONS, (boot, data), strict=True)))
    assert made.read_bytes() == record.ljust(disk.MIB, b"\0") + boot.read_bytes() + data.read_bytes()
    assert made.stat().st_size == disk.size(PARTITIONS)
    assert made.stat().st_blocks * 512 < disk.MIB


def test_a_part_of_another_size_is_refused(tmp_path: Path) -> None:
    (tmp_path / "boot").write_bytes(bytes(100))
    with pytest.raises(NinesError, match="has 100 bytes"):
        disk.write(tmp_path / "disk.raw", bytes(512), [(PARTITIONS[0], tmp_path / "boot")])


def test_the_archive_is_as_the_kernel_wants_it() -> None:
    made = cpio.archive([cpio.folder("bin"), cpio.file("bin/abc", b"12345", 0o755), cpio.link("init", "bin/abc")])
    seen: list[tuple[str, int, bytes]] = []
    at = 0
    while at < len(made):
        assert at % 4 == 0
        assert made[at : at + 6] == b"070701"
        fields = [int(made[at + 6 + 8 * i : at + 14 + 8 * i], 16) for i in range(13)]
        mode, size, length = fields[1], fields[6], fields[11]
        name = made[at + 110 : at + 110 + length]
        assert name.endswith(b"\0")
        content = at + 110 + length + -(110 + length) % 4
        seen.append((name[:-1].decode(), mode, made[content : content + size]))
        at = content + size + -size % 4
    assert seen == [
        ("bin", stat.S_IFDIR | 0o755, b""),
        ("bin/abc", stat.S_IFREG | 0o755, b"12345"),
        ("init", stat.S_IFLNK | 0o777, b"bin/abc"),
        ("TRAILER!!!", 0, b""),
    ]
