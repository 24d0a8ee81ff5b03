"""As much of python3-rbd as the programs on hosts use: an image is a sparse file.

While a file `blocked` lies beside the pools nothing is answered, as with too few copies alive; it is done as soon as
that is gone. `fails` lets requests fail; `loses` acknowledges writes and forgets them.
"""

from __future__ import annotations

import errno
import os
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from rados import Ioctx

RBD_FEATURE_LAYERING = 1


class ImageNotFound(Exception):  # noqa: N818 - librbd's name
    pass


class ImageBusy(Exception):  # noqa: N818 - librbd's name
    pass


class RBD:
    def create(
        self, ioctx: Ioctx, name: str, size: int, order: int, old_format: bool = False, features: int = 61
    ) -> None:
        assert not old_format
        assert features == RBD_FEATURE_LAYERING
        with (ioctx.folder / name).open("xb") as file:
            file.truncate(size)

    def list(self, ioctx: Ioctx) -> list[str]:
        return sorted(path.name for path in ioctx.folder.iterdir())

    def remove(self, ioctx: Ioctx, name: str) -> None:
        if name.endswith("busy"):
            raise ImageBusy(name)
        (ioctx.folder / name).unlink()


class Completion:
    def __init__(self, code: int) -> None:
        self._code = code

    def get_return_value(self) -> int:
        return self._code


class Image:
    def __init__(self, ioctx: Ioctx, name: str, read_only: bool = False) -> None:
        path = ioctx.folder / name
        if not path.exists():
            raise ImageNotFound(name)
        self._modes = ioctx.folder.parent
        self._file = os.open(path, os.O_RDONLY if read_only else os.O_RDWR)
        self._waiting: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._waiting.put(None)
        self._thread.join()
        os.close(self._file)

    def write(self, data: bytes, offset: int) -> None:
        os.pwrite(self._file, data, offset)

    def read(self, offset: int, length: int) -> bytes:
        return os.pread(self._file, length, offset)

    def aio_write(self, data: bytes, offset: int, oncomplete: Callable[[Completion], None]) -> None:
        def do() -> None:
            if not self._is("loses") and not self._is("fails"):
                self.write(data, offset)
            oncomplete(self._completion(0))

        self._waiting.put(do)

    def aio_read(self, offset: int, length: int, oncomplete: Callable[[Completion, Any], None]) -> None:
        self._waiting.put(lambda: oncomplete(self._completion(length), self.read(offset, length)))

    def _completion(self, good: int) -> Completion:
        return Completion(-errno.ESHUTDOWN if self._is("fails") else good)

    def _is(self, mode: str) -> bool:
        return Path(self._modes, mode).exists()

    def _serve(self) -> None:
        while (do := self._waiting.get()) is not None:
            while self._is("blocked"):
                time.sleep(0.005)
            do()
