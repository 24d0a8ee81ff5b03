"""`take_disk.py FOLDER`: take all space of the filesystem under a folder, and what is freed later, until killed.

In a file without a name: the space is free again whatever ends this, the power included. Tells systemd when it has it.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
import time

_LARGEST, _SMALLEST = 1 << 30, 4096


def fill(file: int, size: int) -> int:
    """Let the open file, of so many bytes, take all that is free; its size then."""
    step = _LARGEST
    while step >= _SMALLEST:
        try:
            os.posix_fallocate(file, size, step)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            step //= 2
        else:
            size += step
    return size


def main(folder: str) -> None:
    file = os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o600)
    size = fill(file, 0)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
    while True:
        time.sleep(0.2)
        size = fill(file, size)


if __name__ == "__main__":
    main(sys.argv[1])
