"""Makes this host's mon its store, once; a store that a killed run left half made is made anew.

ceph_mon_store.py NAME CONFIGURATION KEYRING
"""

import configparser
import os
import shutil
import subprocess
import sys
import tempfile


def main() -> int:
    name, configuration, keyring = sys.argv[1:]
    store = f"/var/lib/ceph/mon/ceph-{name}"
    # `systemd` and `done` are what Ceph's own tools look for.
    if os.path.exists(f"{store}/done"):
        return 0
    wanted = configparser.ConfigParser(delimiters=("=",))
    wanted.optionxform = str  # type: ignore[method-assign,assignment]
    wanted.read(configuration)
    shutil.rmtree(store, ignore_errors=True)
    os.makedirs(store, 0o750)
    shutil.chown(store, "ceph", "ceph")
    with tempfile.TemporaryDirectory() as folder:
        shutil.chown(folder, "ceph", "ceph")
        monmap = f"{folder}/monmap"
        mons = [word for mon, address in wanted["mons"].items() for word in ("--addv", mon, f"[{address}]")]
        subprocess.run(["monmaptool", "--create", "--fsid", wanted["store"]["fsid"], *mons, monmap], check=True)
        made = ["ceph-mon", "--mkfs", "-i", name, "--monmap", monmap, "--keyring", keyring]
        subprocess.run([*made, "--setuser", "ceph", "--setgroup", "ceph"], check=True)
    for mark in ("systemd", "done"):
        with open(f"{store}/{mark}", "w", encoding="ascii") as file:
            os.fsync(file.fileno())
    descriptor = os.open(store, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    return 0


if __name__ == "__main__":
    sys.exit(main())
