"""A guest under QEMU, which emulates its CPU: what Nova would start, on this machine alone."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import resource
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, TypeVar

from fournines.errors import NinesError
from fournines.guest import status
from fournines.guest.status import GuestStatus

BOUND = 120.0
"""Seconds for anything awaited: on shared cores a boot takes ten times as long as on idle ones."""

_Found = TypeVar("_Found")


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Machine:
    """One run of QEMU. Its console is collected in `console`."""

    def __init__(self, disk: Path, net: str, port: int = 0) -> None:
        self._port = port
        self._control = f"{disk}.qmp"
        self.console: list[str] = []
        self.started = time.monotonic()
        self._process = subprocess.Popen(
            [
                *("setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64"),
                *("-machine", "pc", "-accel", "tcg,tb-size=32", "-m", "96", "-display", "none"),
                *("-serial", "stdio", "-monitor", "none", "-no-reboot"),
                *("-qmp", f"unix:{disk}.qmp,server=on,wait=off"),
                *("-drive", f"file={disk},format=raw,if=virtio,werror=report"),
                *("-netdev", f"{net},id=net", "-device", "virtio-net-pci,netdev=net"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # Python ignores SIGXFSZ, and so must QEMU when `disk_refuses`.
            restore_signals=False,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self.console.append(line.rstrip())

    def power_loss(self) -> None:
        """Gone at once. Safe to repeat."""
        self._process.kill()
        self._process.wait()
        self._reader.join(10)

    def disk_refuses(self) -> None:
        """From now on each write to the disk fails: the process may write to no file."""
        resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (0, 0))

    def plug(self, disk: Path, serial: str) -> None:
        """While it runs, as Nova attaches a volume."""
        file = {"driver": "file", "filename": str(disk)}
        self._told("blockdev-add", {"driver": "raw", "node-name": "plugged", "file": file})
        self._told("device_add", {"driver": "virtio-blk-pci", "id": "plugged", "drive": "plugged", "serial": serial})

    def unplug(self) -> None:
        """What was plugged: returns when the guest has let it go, which it is asked to."""
        self._told("device_del", {"id": "plugged"}, until="DEVICE_DELETED")
        self._told("blockdev-del", {"node-name": "plugged"})

    def _told(self, command: str, arguments: dict[str, Any], until: str = "") -> None:
        """By QMP, to QEMU itself; with its answer, and that event of the device."""
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(BOUND)
            control.connect(self._control)
            with control.makefile("rw") as lines:
                said = (json.loads(line) for line in lines)
                next(said)  # its greeting
                events: list[dict[str, Any]] = []
                for execute, given in (("qmp_capabilities", {}), (command, arguments)):
                    lines.write(json.dumps({"execute": execute, "arguments": given}) + "\n")
                    lines.flush()
                    while "event" in (answer := next(said)):
                        events.append(answer)
                    assert "return" in answer, answer
                while until and not any(
                    each["event"] == until and each["data"].get("device") == "plugged" for each in events
                ):
                    events.append(next(said))

    def get(self, path: str = "/", timeout: float = 10) -> tuple[int, str]:
        """HTTP's status and body. Raises OSError or HTTPException when there is no answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=timeout)
        with contextlib.closing(connection):
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def status(self) -> GuestStatus:
        code, body = self.get()
        assert code == 200, body
        return status.parse(body)

    def wait(self, what: str, look: Callable[[], _Found | None]) -> _Found:
        """What `look` finds, which may raise as long as there is no answer."""
        last: object = None
        end = time.monotonic() + BOUND
        while time.monotonic() < end:
            try:
                if (found := look()) is not None:
                    return found
            except (OSError, http.client.HTTPException, NinesError) as error:
                last = error
            assert self._process.poll() is None, f"QEMU ended: {self.console[-5:]}"
            time.sleep(0.1)
        raise AssertionError(
            f"{what}: not within {BOUND:g} s; {last!r}; the console:\n" + "\n".join(self.console[-30:])
        )

    def wait_status(self, what: str, good: Callable[[GuestStatus], bool]) -> GuestStatus:
        def look() -> GuestStatus | None:
            seen = self.status()
            return seen if good(seen) else None

        return self.wait(what, look)

    def wait_line(self, part: str) -> str:
        return self.wait(part, lambda: next((line for line in self.console if part in line), None))


@contextlib.contextmanager
def machine(disk: Path, *more: str, net: str = "") -> Generator[Machine]:
    """QEMU over that disk; it ends with a power loss. `more` goes to QEMU's own network, unless `net` is another."""
    port = free_port()
    own = ",".join(["user", "restrict=on", f"hostfwd=tcp:127.0.0.1:{port}-:80", *more])
    made = Machine(disk, net or own, port)
    try:
        yield made
    finally:
        made.power_loss()


def copied(image: Path, to: Path, size: int | None = None) -> Path:
    """A disk of that image's content, larger when `size` (bytes) says so: as Nova and Cinder make them."""
    subprocess.run(["cp", "--sparse=always", image, to], check=True, timeout=60)
    if size:
        os.truncate(to, size)
    return to
