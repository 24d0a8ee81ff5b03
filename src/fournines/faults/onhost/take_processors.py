"""One busy loop for each processor, until this is killed."""

from __future__ import annotations

import os


def main() -> None:
    for _ in range((os.cpu_count() or 1) - 1):
        if os.fork() == 0:
            break
    while True:
        pass


if __name__ == "__main__":
    main()
