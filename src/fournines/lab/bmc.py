"""The lab's BMCs: one Redfish endpoint over TLS a host, so that the stock `fence_redfish` agent fences for real.

One daemon (`redfish.py`) serves all hosts of a lab. It belongs to init, lives in a cgroup of its own by which it is
found again, and is started by `nines up`. While a drill holds a host's mains cut, On is refused with 503 and the
host stays off.

    lab/bmc.json     what it serves; written by `up`
    lab/bmc.ready    its pid, its start time and what it serves, once it listens
    lab/bmc.log      each request, and who asked
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass

import fournines
from fournines.errors import NinesError
from fournines.lab.cgroups import JOIN, Group, start_time
from fournines.lab.names import Names
from fournines.state import State


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The BMC of one host."""

    host: str
    address: str
    port: int
    system: str
    """Path of the system resource, such as `/redfish/v1/Systems/c1`."""
    username: str


def ensure(state: State, endpoints: list[Endpoint], bound: float = 30) -> bool:
    """Have the daemon serve exactly these; returns whether it had to be started. Raises NinesError.

    The caller holds the cloud's lock, and the addresses exist on this machine.
    """
    vault = state.vault()
    vault.password("bmc")
    chain, _ = vault.certificate("bmc", {one.address for one in endpoints})
    text = json.dumps([asdict(one) for one in endpoints], indent=1)
    digest = hashlib.sha256(f"{fournines.__version__}{chain}{text}".encode()).hexdigest()
    if running(state) == digest:
        return False
    stop(state)
    making = state.lab / ".bmc.json"
    making.write_text(text)
    making.rename(state.lab / "bmc.json")
    joined = [str(path) for path in _group(state).create()]
    daemon = [sys.executable, "-m", "fournines.lab.redfish", state.cloud, digest]
    log = state.lab / "bmc.log"
    with open(log, "ab") as file:
        try:
            subprocess.run(
                ["sh", "-c", JOIN, "nines", *joined, "--", "setsid", "--fork", *daemon],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                cwd="/",
                env={**os.environ, "NINES_STATE": str(state.folder.parent)},
                timeout=30,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise NinesError(f"cannot start the lab's BMC: {error}", f"see {log}") from error
    end = time.monotonic() + bound
    while running(state) != digest:
        if not _group(state).populated() or time.monotonic() > end:
            stop(state)
            tail = log.read_text(errors="replace").strip()[-600:]
            raise NinesError(f"the lab's BMC did not start; {log} ends with:\n{tail}")
        time.sleep(0.02)
    return True


def running(state: State) -> str | None:
    """Digest of what the daemon serves; None when it does not run."""
    try:
        ready = json.loads((state.lab / "bmc.ready").read_text())
    except (OSError, ValueError):
        return None
    alive = ready["pid"] in _group(state).pids() and ready["start"] == start_time(ready["pid"])
    return str(ready["digest"]) if alive else None


def stop(state: State) -> None:
    """End the daemon. Safe to repeat."""
    _group(state).remove()
    (state.lab / "bmc.ready").unlink(missing_ok=True)


def _group(state: State) -> Group:
    return Group(Names.of(state).bmc_group)
