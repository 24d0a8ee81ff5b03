"""A disk out of partitions: a BIOS's master boot record, then each partition at its place."""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fournines.errors import NinesError

SECTOR = 512
MIB = 1 << 20
FAT16 = 0x0E
LINUX = 0x83

_CODE = 440
"""Bytes of the first sector that are the boot program's."""
_BEYOND_CYLINDERS = b"\xfe\xff\xff"
"""As cylinder, head and sector: look at the sector's number instead."""


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition; the first of a disk is the one that it boots from."""

    kind: int
    size: int
    """In MiB."""


FIRST = 1
"""Where the first partition begins, in MiB."""


def size(partitions: Sequence[Partition]) -> int:
    """The whole disk's bytes."""
    return (FIRST + sum(one.size for one in partitions)) * MIB


def boot_record(code: bytes, signature: int, partitions: Sequence[Partition]) -> bytes:
    """The first sector: `code` boots the first partition. Raises NinesError when the boot program does not fit."""
    if len(code) > _CODE:
        raise NinesError(f"the boot program has {len(code)} bytes; {_CODE} fit")
    record = bytearray(struct.pack(f"<{_CODE}sIH", code, signature, 0))
    start = FIRST * MIB // SECTOR
    for number in range(4):
        if number >= len(partitions):
            record += bytes(16)
            continue
        sectors = partitions[number].size * MIB // SECTOR
        record += struct.pack(
            "<B3sB3s", 0x00 if number else 0x80, _BEYOND_CYLINDERS, partitions[number].kind, _BEYOND_CYLINDERS
        )
        record += struct.pack("<II", start, sectors)
        start += sectors
    return bytes(record + b"\x55\xaa")


def write(path: Path, record: bytes, partitions: Sequence[tuple[Partition, Path]]) -> None:
    """Write the disk, its empty MiBs as holes. Raises NinesError when a partition's file has not its size."""
    with open(path, "wb") as disk:
        disk.write(record)
        at = FIRST * MIB
        for partition, file in partitions:
            if file.stat().st_size != partition.size * MIB:
                raise NinesError(f"{file} has {file.stat().st_size} bytes; its partition has {partition.size} MiB")
            with open(file, "rb") as content:
                while block := content.read(4096):
                    if block.strip(b"\0"):
                        disk.seek(at)
                        disk.write(block)
                    at += len(block)
        disk.truncate(at)
        disk.flush()
        os.fsync(disk.fileno())
