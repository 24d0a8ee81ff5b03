"""Keeps Keystone's fernet keys: every controller derives the same ones from one secret and the clock.

    fernet_keys.py MASTER_FILE REPOSITORY PERIOD KEEP

Time is cut into epochs of PERIOD seconds; an epoch's key is HMAC-SHA256(master, epoch). The repository holds the
keys of the last KEEP epochs, named by their epoch (the highest is Keystone's primary), and as `0`, staged, the next
epoch's. So keys rotate on every host without anybody distributing them, also while hosts or `nines` are away; a
clock that is off by less than a period meets a key that the others hold already.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import sys
import time


def key(master: bytes, epoch: int) -> str:
    """The fernet key of an epoch: 32 bytes, URL-safe base64."""
    return base64.urlsafe_b64encode(hmac.new(master, b"fernet %d" % epoch, hashlib.sha256).digest()).decode()


def keys(master: bytes, now: float, period: int, keep: int) -> dict[str, str]:
    """File name -> key, as they must be at the time `now`, seconds since 1970."""
    epoch = int(now // period)
    held = {str(number): key(master, number) for number in range(epoch - keep + 1, epoch + 1)}
    return {"0": key(master, epoch + 1), **held}


def sync(repository: str, wanted: dict[str, str]) -> list[str]:
    """Make the repository hold exactly these keys; names of what changed. Never leaves it without a usable key."""
    changed: list[str] = []
    os.makedirs(repository, mode=0o700, exist_ok=True)
    for name in sorted(wanted, key=int):
        path = os.path.join(repository, name)
        try:
            with open(path, encoding="ascii") as file:
                if file.read() == wanted[name]:
                    continue
        except FileNotFoundError:
            pass
        # Keystone takes every file here for a key: the temporary one lies beside the folder.
        temporary = f"{repository.rstrip('/')}.new"
        with open(os.open(temporary, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write(wanted[name])
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        changed.append(name)
    for name in os.listdir(repository):
        if name not in wanted:
            os.unlink(os.path.join(repository, name))
            changed.append(name)
    return changed


def main(master_file: str, repository: str, period: str, keep: str) -> None:
    with open(master_file, encoding="ascii") as file:
        master = base64.b64decode(file.read())
    changed = sync(repository, keys(master, time.time(), int(period), int(keep)))
    print(f"{len(changed)} keys changed")


if __name__ == "__main__":
    main(*sys.argv[1:])
