"""The links of a lab's host, cut at the fabric: the host sees no carrier, and nothing of it is heard any more.

What restores them is armed first: a process of the lab, not of whoever cuts them, that sleeps until it is time. It has
a cgroup of its own, by which it is found and ended when they are restored before, and which `down` removes.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from fournines.errors import NinesError
from fournines.lab import network
from fournines.lab.cgroups import JOIN, Group
from fournines.lab.names import Names
from fournines.lab.network import Nic

# Under the lock of its power: a host that is being switched off must stay silent.
_TIMER = 'sleep "$1"; exec flock "$2" sh -c \'ip -netns "$1" -force -batch "$2"; rm -f "$2"\' nines "$3" "$4"'


def cut(names: Names, host: str, interfaces: Sequence[Nic], lock: Path, note: Path, healed_after: float) -> None:
    """Cut them, for `healed_after` seconds at most. The caller holds the lock. Raises NinesError.

    The note is there while they are cut, and says in words of ip(8) how they are restored.
    """
    group = Group(names.links_group(host))
    group.remove()
    joined = [str(path) for path in group.create()]
    making = note.with_name(f".{note.name}")
    making.write_text("".join(f"link set {one.port} up\n" for one in interfaces))
    making.rename(note)
    timer = ["sh", "-c", _TIMER, "nines", f"{healed_after:g}", str(lock), names.fabric, str(note)]
    try:
        subprocess.run(
            ["sh", "-c", JOIN, "nines", *joined, "--", "setsid", "--fork", *timer],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            timeout=30,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise NinesError(f"cannot arm what restores the links of {host}: {error}") from error
    network.cut(names, interfaces)


def restore(names: Names, host: str, interfaces: Sequence[Nic], note: Path) -> None:
    """Safe to repeat. The caller holds the lock."""
    network.join(names, interfaces)
    Group(names.links_group(host)).remove()
    note.unlink(missing_ok=True)
