"""Exit 0 when some process of each unit has a TCP connection to that port, established.

connected.py PORT UNIT...
"""

import os
import subprocess
import sys

_ESTABLISHED = "01"


def sockets(port: int, table: str) -> "set[str]":
    """Inodes of the established sockets whose peer has that port, from the text of /proc/net/tcp."""
    fields = [line.split() for line in table.splitlines()[1:]]
    return {each[9] for each in fields if each[3] == _ESTABLISHED and int(each[2].rsplit(":", 1)[1], 16) == port}


def held(pid: str) -> "set[str]":
    """Inodes of the sockets that a process holds."""
    folder = f"/proc/{pid}/fd"
    found: set[str] = set()
    try:
        for each in os.listdir(folder):
            target = os.readlink(f"{folder}/{each}")
            if target.startswith("socket:["):
                found.add(target[8:-1])
    except OSError:
        pass
    return found


def processes(unit: str) -> "list[str]":
    """Pids of a unit, its children included."""
    shown = subprocess.run(
        ["systemctl", "show", "--property=ControlGroup", "--value", unit], capture_output=True, text=True, check=True
    ).stdout.strip()
    found: list[str] = []
    for root in ("/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup"):
        for folder, _, files in os.walk(f"{root}{shown}") if shown else ():
            if "cgroup.procs" in files:
                with open(f"{folder}/cgroup.procs") as file:
                    found += file.read().split()
        if found:
            break
    return found


def main(port: int, units: "list[str]") -> None:
    table = ""
    for name in ("/proc/net/tcp", "/proc/net/tcp6"):
        if os.path.exists(name):
            with open(name) as file:
                table += file.read()
    wanted = sockets(port, table)
    if deaf := [unit for unit in units if not any(held(pid) & wanted for pid in processes(unit))]:
        sys.exit(f"without a connection to port {port}: {', '.join(deaf)}")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
