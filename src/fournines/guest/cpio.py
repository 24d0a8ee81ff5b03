"""An initial RAM disk: a cpio archive in the format `newc`, which is what Linux unpacks."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One path of the archive, owned by root."""

    path: str
    """Without a leading `/`."""
    mode: int
    """As of stat(2): kind and permissions."""
    content: bytes = b""
    """A file's bytes, or where a link leads."""


def folder(path: str) -> Entry:
    return Entry(path, stat.S_IFDIR | 0o755)


def file(path: str, content: bytes, permissions: int = 0o644) -> Entry:
    return Entry(path, stat.S_IFREG | permissions, content)


def link(path: str, target: str) -> Entry:
    return Entry(path, stat.S_IFLNK | 0o777, target.encode())


def archive(entries: Iterable[Entry]) -> bytes:
    """The archive, not compressed. Folders come before what lies in them; the same entries give the same bytes."""
    made = bytearray()
    for number, entry in enumerate(entries, 1):
        made += _record(number, entry)
    return bytes(made + _record(0, Entry("TRAILER!!!", 0)))


def _record(number: int, entry: Entry) -> bytes:
    name = entry.path.encode() + b"\0"
    links = 2 if stat.S_ISDIR(entry.mode) else 1
    # Inode, mode, user, group, links, time, size, device, device of a node, length of the name, checksum.
    fields = (number, entry.mode, 0, 0, links, 0, len(entry.content), 0, 0, 0, 0, len(name), 0)
    return _padded(b"070701" + b"".join(b"%08X" % field for field in fields) + name) + _padded(entry.content)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
