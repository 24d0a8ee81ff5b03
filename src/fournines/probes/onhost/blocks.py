"""Numbered blocks of an RBD image, by librbd without a cache: what it acknowledges is on the disks of every copy.

A block of 4 KiB says in its head which run wrote it, its number and its slot; the head's SHA-256 fills the rest. So
each block is known in full, and one that is half old or of another slot is told from a whole one.

The image has `lanes` objects with `depth` slots each. Round k writes block k + 1 into slot k % depth of every lane: a
round meets as many placement groups as a small image can, and each slot has one write under way at most.
`Blocks` keeps the books: of each slot, the highest number that was issued and the highest that was acknowledged.

One image, one writer, no exclusive lock: the lock of a writer that died would hold up the next one for 30 s.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import importlib
import json
import os
import signal
import struct
import sys
import threading
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from fournines.probes.onhost.rhythm import BusyError, Rhythm, Round, Wire

BLOCK = 4096
OBJECT = 4 << 20
_MAGIC = b"4nines\0\1"
_HEAD = struct.Struct("<8s16sQQ")
NEVER = -1
"""No block of that slot was acknowledged."""


def block(run: bytes, seq: int, slot: int) -> bytes:
    head = _HEAD.pack(_MAGIC, run, seq, slot)
    digest = hashlib.sha256(head).digest()
    return (head + digest * (BLOCK // len(digest)))[:BLOCK]


def number(data: bytes, run: bytes, slot: int) -> int | None:
    """The number of a whole block of that run and slot; NEVER where nothing was written; None for anything else."""
    if data == bytes(BLOCK):
        return NEVER
    seq = _HEAD.unpack_from(data)[2]
    return seq if data == block(run, seq, slot) else None


def missing(data: bytes, run: bytes, slot: int, acked: int, issued: int) -> str:
    """Why this is not what the books say that it must be; empty when it is."""
    found = number(data, run, slot)
    if found is None:
        return f"slot {slot}: torn or foreign, acknowledged was {acked}"
    if acked <= found <= issued:
        return ""
    seen = "nothing" if found == NEVER else str(found)
    return f"slot {slot}: holds {seen}, acknowledged was {acked}, issued {issued}"


@dataclass(slots=True)
class Slot:
    """One entry of the books."""

    acked: int = NEVER
    issued: int = NEVER
    waits: bool = False


class Blocks:
    """An open image and its books."""

    def __init__(self, image: Any, run: bytes, lanes: int, depth: int) -> None:
        self._image = image
        self._run = run
        self._lanes = range(lanes)
        self._depth = depth
        self._lock = threading.Lock()
        self.slots: dict[int, Slot] = {}

    def prepare(self) -> None:
        """Block 0 into the first slot of each lane: connections are made, and there is something to read."""
        for lane in self._lanes:
            slot = lane * self._depth
            self._image.write(block(self._run, 0, slot), place(slot, self._depth))
            self.slots[slot] = Slot(acked=0, issued=0)

    def write(self, one: Round, rhythm: Rhythm) -> None:
        """Begin to write the round's blocks."""
        slots = [lane * self._depth + one.seq % self._depth for lane in self._lanes]
        with self._lock:
            if waiting := [slot for slot in slots if (book := self.slots.get(slot)) and book.waits]:
                raise BusyError(f"{len(waiting)} of its slots still wait for an older block")
            for slot in slots:
                book = self.slots.setdefault(slot, Slot())
                book.issued, book.waits = one.seq + 1, True
        for slot in slots:
            data = block(self._run, one.seq + 1, slot)
            # The callback holds the data until librbd has let go of it.
            done = partial(self._written, one, rhythm, slot, data)
            try:
                self._image.aio_write(data, place(slot, self._depth), done)
            except Exception as error:
                # What came of it is unknown: its slot is not used again.
                rhythm.answered(one, type(error).__name__, str(error))

    def _written(self, one: Round, rhythm: Rhythm, slot: int, data: bytes, completion: Any) -> None:
        code = int(completion.get_return_value())
        with self._lock:
            book = self.slots[slot]
            book.waits = False
            if code >= 0:
                book.acked = one.seq + 1
        rhythm.answered(one, *failure(code))

    def read(self, one: Round, rhythm: Rhythm) -> None:
        """Begin to read the block 0 of each lane."""
        for lane in self._lanes:
            slot = lane * self._depth
            try:
                self._image.aio_read(place(slot, self._depth), BLOCK, partial(self._have_read, one, rhythm, slot))
            except Exception as error:
                rhythm.answered(one, type(error).__name__, str(error))

    def _have_read(self, one: Round, rhythm: Rhythm, slot: int, completion: Any, data: bytes | None) -> None:
        code = int(completion.get_return_value())
        if code >= 0 and (data is None or len(data) != BLOCK or number(data, self._run, slot) != 0):
            rhythm.answered(one, "wrong block", f"slot {slot}")
        else:
            rhythm.answered(one, *failure(code))

    def books(self) -> list[tuple[int, int, int]]:
        """(slot, acknowledged, issued) of every slot that was ever written."""
        with self._lock:
            return [(slot, book.acked, book.issued) for slot, book in sorted(self.slots.items())]


def place(slot: int, depth: int) -> int:
    """Where in the image."""
    return slot // depth * OBJECT + slot % depth * BLOCK


def failure(code: int) -> tuple[str, str]:
    """What a return value below 0 is called in samples."""
    return (errno.errorcode.get(-code, f"error {-code}"), os.strerror(-code)) if code < 0 else ("", "")


@contextlib.contextmanager
def pool(request: dict[str, Any]) -> Generator[Any]:
    """The pool, by the host's own configuration and keyring."""
    rados: Any = importlib.import_module("rados")
    conf = {"rbd_cache": "false", "client_mount_timeout": "30"}
    cluster = rados.Rados(conffile="/etc/ceph/ceph.conf", rados_id=request["user"], conf=conf)
    cluster.connect()
    try:
        ioctx = cluster.open_ioctx(request["pool"])
        try:
            yield ioctx
        finally:
            ioctx.close()
    finally:
        cluster.shutdown()


def probe(request: dict[str, Any]) -> None:
    """Rounds of writes or reads on an image made for it."""
    wire = Wire()
    rbd: Any = importlib.import_module("rbd")
    with contextlib.ExitStack() as stack:
        try:
            ioctx = stack.enter_context(pool(request))
            size = request["lanes"] * OBJECT
            order = OBJECT.bit_length() - 1
            rbd.RBD().create(ioctx, request["image"], size, order, old_format=False, features=rbd.RBD_FEATURE_LAYERING)
            image = stack.enter_context(rbd.Image(ioctx, request["image"]))
            blocks = Blocks(image, bytes.fromhex(request["run"]), request["lanes"], request["depth"])
            blocks.prepare()
        except Exception as error:
            wire.say(failed=f"{type(error).__name__}: {error}")
            wire.close()
            os._exit(1)
        wire.say(ready=True)
        rhythm = Rhythm(wire, request["interval_s"], request["deadline_s"], request["lanes"])
        act = blocks.write if request["verb"] == "write" else blocks.read
        ended = rhythm.run(wire.t0(), lambda one: act(one, rhythm), request["drain_s"])
        books = blocks.books() if request["verb"] == "write" else []
        wire.say(ended=ended | {"books": books})
        wire.close()
        if ended["unanswered"]:
            os._exit(0)  # closing would wait for them


def verify(request: dict[str, Any]) -> dict[str, Any]:
    """Read every slot of the books back: how many were looked at, how many are not as they must be, such as."""
    rbd: Any = importlib.import_module("rbd")
    run, depth = bytes.fromhex(request["run"]), request["depth"]
    books: list[tuple[int, int, int]] = request["books"]
    acked = sum(one[1] != NEVER for one in books)
    with pool(request) as ioctx:
        try:
            image = rbd.Image(ioctx, request["image"], read_only=True)
        except rbd.ImageNotFound:
            return {"looked": len(books), "acked": acked, "bad": acked, "such": ["the image is gone"]}
        with image:
            why = [
                missing(image.read(place(slot, depth), BLOCK), run, slot, acked, issued)
                for slot, acked, issued in books
            ]
    bad = [each for each in why if each]
    return {"looked": len(books), "acked": acked, "bad": len(bad), "such": bad[:5]}


def remove(request: dict[str, Any]) -> dict[str, Any]:
    """Remove the images whose names begin so. One whose user died lately is busy for half a minute: left for later."""
    rbd: Any = importlib.import_module("rbd")
    removed: list[str] = []
    busy: list[str] = []
    with pool(request) as ioctx:
        names: Iterable[str] = rbd.RBD().list(ioctx)
        for name in names:
            if name.startswith(request["prefix"]):
                try:
                    rbd.RBD().remove(ioctx, name)
                    removed.append(name)
                except rbd.ImageBusy:
                    busy.append(name)
                except rbd.ImageNotFound:
                    pass
    return {"removed": removed, "busy": busy}


def main() -> None:
    request: dict[str, Any] = json.loads(sys.stdin.buffer.readline())
    # Also where a library waits for a cluster that does not answer, and whoever asked is gone.
    signal.alarm(int(request["limit_s"]))
    if request["do"] == "probe":
        probe(request)
    else:
        print(json.dumps({"verify": verify, "remove": remove}[request["do"]](request)), flush=True)
