"""Ends the OSDs on this host that are none of those wanted, and makes their disks free for another use.

ceph_osd_end.py ended|end NUMBER[,NUMBER...]

One that runs and still stores a placement group is not ended: copies may be made from it.
"""

import os
import re
import shutil
import subprocess
import sys
import time

from fournines.services.onhost.ceph_ask import ask

HOME = "/var/lib/ceph/osd"


def stored(number: int) -> int:
    """How many placement groups it has; none when it does not run."""
    try:
        return int(ask(f"/run/ceph/ceph-osd.{number}.asok", "status")["num_pgs"])
    except (ConnectionError, FileNotFoundError):
        return 0


def end(number: int) -> None:
    while left := stored(number):
        print(f"osd.{number} still stores {left} placement groups", flush=True)
        time.sleep(1)
    subprocess.run(["systemctl", "disable", "--now", f"ceph-osd@{number}.service"], check=True)
    for name in ("block", "block.db"):
        path = f"{HOME}/ceph-{number}/{name}"
        if os.path.exists(path):
            with open(path, "r+b") as disk:
                disk.write(bytes(1 << 20))
                os.fsync(disk.fileno())
    shutil.rmtree(f"{HOME}/ceph-{number}")
    print(f"osd.{number} ended")


def main() -> int:
    what, numbers = sys.argv[1:]
    wanted = {int(number) for number in numbers.split(",") if number}
    here = {int(found[1]) for name in os.listdir(HOME) if (found := re.fullmatch(r"ceph-([0-9]+)", name))}
    left = sorted(here - wanted)
    if what == "ended":
        print("still here:", left)
        return 1 if left else 0
    for number in left:
        end(number)
    return 0


if __name__ == "__main__":
    sys.exit(main())
