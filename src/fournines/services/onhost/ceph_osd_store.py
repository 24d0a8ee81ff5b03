"""Makes an OSD its store on its disk, once, and finds it there again at each start.

ceph_osd_store.py NUMBER, as root, before the OSD starts. A disk that holds anything else is left alone: exit 1.
"""

import json
import os
import shutil
import subprocess
import sys
from typing import Any

number = sys.argv[1]
folder = f"/var/lib/ceph/osd/ceph-{number}"
HEAD = 1 << 20


def label(path: str) -> dict[str, Any]:
    """What BlueStore has written of itself; empty where it has not."""
    ran = subprocess.run(
        ["ceph-bluestore-tool", "show-label", "--dev", path], capture_output=True, text=True, check=False
    )
    return dict(next(iter(json.loads(ran.stdout).values()))) if ran.returncode == 0 else {}


def claim(path: str, uuid: str) -> bool:
    """Whether the store there is complete. What a killed run of ours left is made empty; anything else ends this."""
    with open(path, "r+b") as disk:
        head = disk.read(HEAD)
        if not head.strip(b"\0"):
            return False
        if not head.startswith(f"bluestore block device\n{uuid}\n".encode()):
            sys.exit(f"{path} holds something else than osd.{number} ({uuid}): not touched")
        if label(path).get("mkfs_done") == "yes":
            return True
        disk.seek(0)
        disk.write(bytes(HEAD))
        os.fsync(disk.fileno())
    return False


def main() -> int:
    with open(f"{folder}/fournines.json", encoding="utf-8") as file:
        wanted = json.load(file)
    links = {name: wanted[name] for name in ("block", "block.db") if wanted[name]}
    complete = claim(wanted["block"], wanted["uuid"])
    for name, path in links.items():
        shutil.chown(path, "ceph", "ceph")
        if name != "block" and not complete:
            with open(path, "r+b") as disk:
                if (head := disk.read(HEAD)).strip(b"\0") and f"\n{wanted['uuid']}\n".encode() not in head[:128]:
                    sys.exit(f"{path} holds something else than osd.{number}'s: not touched")
                disk.seek(0)
                disk.write(bytes(HEAD))
        link = f"{folder}/{name}"
        if not os.path.islink(link) or os.readlink(link) != path:
            if os.path.lexists(link):
                os.unlink(link)
            os.symlink(path, link)
    if complete and os.path.exists(f"{folder}/whoami"):
        return 0
    if complete:
        prime = ["ceph-bluestore-tool", "prime-osd-dir", "--dev", wanted["block"], "--path", folder, "--no-mon-config"]
        subprocess.run(prime, check=True)
        for name in {*os.listdir(folder)} - {"fournines.json", *links}:
            shutil.chown(f"{folder}/{name}", "ceph", "ceph")
    else:
        for name in ("whoami", "ready", "mkfs_done", "ceph_fsid", "fsid", "type"):
            if os.path.exists(f"{folder}/{name}"):
                os.unlink(f"{folder}/{name}")
        with open(f"{folder}/type", "w", encoding="ascii") as file:
            file.write("bluestore\n")
        make = [
            "ceph-osd",
            "--cluster",
            "ceph",
            "-i",
            number,
            "--mkfs",
            "--no-mon-config",
            "--osd-uuid",
            wanted["uuid"],
        ]
        subprocess.run([*make, "--setuser", "ceph", "--setgroup", "ceph"], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
