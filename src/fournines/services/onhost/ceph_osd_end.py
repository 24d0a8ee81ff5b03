"""Ends the OSDs on this host that are none of those wanted, and makes their disks free for another use.

ceph_osd_end.py ended|end NUMBER[,NUMBER...]
"""

import os
import re
import shutil
import subprocess
import sys

what, numbers = sys.argv[1:]
wanted = {int(number) for number in numbers.split(",") if number}
home = "/var/lib/ceph/osd"
here = [int(found[1]) for name in os.listdir(home) if (found := re.fullmatch(r"ceph-([0-9]+)", name))]
left = sorted(set(here) - wanted)
if what == "ended":
    print("still here:", left)
    sys.exit(1 if left else 0)
for number in left:
    subprocess.run(["systemctl", "disable", "--now", f"ceph-osd@{number}.service"], check=True)
    for name in ("block", "block.db"):
        path = f"{home}/ceph-{number}/{name}"
        if os.path.exists(path):
            with open(path, "r+b") as disk:
                disk.write(bytes(1 << 20))
                os.fsync(disk.fileno())
    shutil.rmtree(f"{home}/ceph-{number}")
    print(f"osd.{number} ended")
