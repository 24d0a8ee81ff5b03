"""Says for a compute host which guests run there, and lets Nova begin only when the cluster has admitted the host.

    compute_agent.py serve     answers on port 9201; run by compute-agent.service
    compute_agent.py wait      returns when the host is admitted; run before nova-compute

Port 9201 answers the controllers:

    GET /          JSON, see `Said`
    POST /admit    {"boot": ..., "guests": [...], "proof": ...}: 204, or 403 when the proof is not by the cluster's
                   secret, or of another boot. It is for one boot of the host: what says so lies in /run. `guests`
                   are ids of those that Nova has here: folders of others, in which no disk lies, are removed. Nova
                   leaves them behind when guests were evacuated, and then cannot migrate these here again.

A host that was fenced must not start its guests while they are being started elsewhere. It cannot know that, so it
waits for who does (`instance_ha.py`).
"""

from __future__ import annotations

import hmac
import http.server
import importlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

CONFIG = Path("/etc/fournines/compute-agent.json")
ADMITTED = Path("/run/fournines-admitted")
BOOT = Path("/proc/sys/kernel/random/boot_id")
STARTED = Path("/proc/1/stat")
INSTANCES = Path("/var/lib/nova/instances")
UUID = "-".join("[0-9a-f]" * length for length in (8, 4, 4, 4, 12))
LINKS, TAP, UP = Path("/sys/class/net"), "tap????????-??", 1
NOTES = frozenset({"console.log", "disk.info", "libvirt.xml", "unrescue.xml"})
MOST = 1 << 20
PORT = 9201


@dataclass(frozen=True)
class Said:
    """What a compute host says of itself.

    boot       differs after each start of the host
    admitted   whether the cluster lets this boot run guests
    running    ids of the guests that have a process here, in whatever state
    crashed    ids of those whose process ended, though neither its guest nor anybody here asked for that
    """

    boot: str
    admitted: bool
    running: list[str]
    crashed: list[str]


def boot_id() -> str:
    """Of this boot. A lab's hosts share a kernel, and have its boot id: when their first process began tells them
    apart."""
    began = STARTED.read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    return f"{BOOT.read_text(encoding='utf-8').strip()}-{began}"


def proof(secret: str, boot: str, guests: Iterable[str]) -> str:
    """By which a host knows who admits it. `instance_ha.py` makes it alike."""
    return hmac.new(secret.encode(), " ".join(["admit", boot, *guests]).encode(), "sha256").hexdigest()


def sweep(folder: Path, guests: Iterable[str]) -> list[str]:
    """Remove what was left of guests that are elsewhere: folders named by an id, in which nothing but notes lies."""
    kept, removed = set(guests), list[str]()
    for each in sorted(folder.glob(UUID)):
        if each.name in kept or not each.is_dir() or not NOTES.issuperset(os.listdir(each)):
            continue
        shutil.rmtree(each)
        removed.append(each.name)
    return removed


def guests(processes: Iterable[list[str]]) -> list[str]:
    """Ids of the guests among these command lines, sorted."""
    found: list[str] = []
    for words in processes:
        if words and "qemu" in words[0].rpartition("/")[2] and "-uuid" in words[:-1]:
            found.append(words[words.index("-uuid") + 1])
    return sorted(found)


def running() -> list[str]:
    """Ids of the guests that have a process here; twice, where two have."""
    lines: list[list[str]] = []
    for folder in Path("/proc").glob("[0-9]*"):
        # It may have ended by now.
        with suppress(OSError):
            text = (folder / "cmdline").read_bytes().decode(errors="replace")
            lines.append(text.rstrip("\0").split("\0"))
    return guests(lines)


class Crashes:
    """Ids of guests that crashed, as libvirt said last. It is asked in a thread: it may hang, with all its guests well,
    and a host that does not answer is fenced."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def follow(self) -> None:
        # Debian's, on the hosts.
        libvirt: Any = importlib.import_module("libvirt")
        connection: Any = None
        while True:
            try:
                connection = connection or libvirt.openReadOnly("qemu:///system")
                domains = connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_INACTIVE)
                ended = (libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_CRASHED)
                self.found = sorted(domain.UUIDString() for domain in domains if tuple(domain.state()) == ended)
            except libvirt.libvirtError:
                connection, self.found = None, []
            time.sleep(1)


def wake(links: Path = LINKS) -> list[str]:
    """Put up the links of guests that are down, and name them: libvirt leaves that of a guest which was migrated here
    down where Open vSwitch runs in userspace (libvirt 11.3, seen), and the guest is then never heard of again."""
    down = [
        folder.name
        for folder in sorted(links.glob(TAP))
        if not int((folder / "flags").read_text(encoding="ascii"), 16) & UP
    ]
    for name in down:
        subprocess.run(["ip", "link", "set", name, "up"], check=False)
    return down


def keep_awake() -> None:
    while True:
        # It may go at any moment.
        with suppress(OSError):
            if woken := wake():
                print(f"put up {', '.join(woken)}", flush=True)
        time.sleep(0.2)


class Handler(http.server.BaseHTTPRequestHandler):
    timeout = 5
    secret = ""
    crashes = Crashes()

    def do_GET(self) -> None:
        boot = boot_id()
        self._answer(200, json.dumps(asdict(Said(boot, admitted(boot), running(), self.crashes.found))).encode())

    def do_POST(self) -> None:
        boot = boot_id()
        try:
            given = json.loads(self.rfile.read(min(int(self.headers.get("Content-Length") or 0), MOST)))
            here = [str(each) for each in given["guests"]]
            good = given["boot"] == boot and hmac.compare_digest(str(given["proof"]), proof(self.secret, boot, here))
        except (ValueError, KeyError, TypeError):
            here, good = [], False
        if self.path != "/admit" or not good:
            self._answer(403, b"")
            return
        if swept := sweep(INSTANCES, [*here, *running()]):
            print(f"removed what was left here of {', '.join(swept)}", flush=True)
        ADMITTED.write_text(boot, encoding="utf-8")
        self._answer(204, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Once a second it is asked."""


def admitted(boot: str) -> bool:
    try:
        return ADMITTED.read_text(encoding="utf-8") == boot
    except OSError:
        return False


def main() -> None:
    if sys.argv[1] == "wait":
        boot = boot_id()
        if not admitted(boot):
            print("waiting until the cluster admits this host", flush=True)
        while not admitted(boot):
            time.sleep(0.2)
        return
    config = json.loads(CONFIG.read_text(encoding="utf-8"))
    Handler.secret = config["secret"]
    threading.Thread(target=keep_awake, daemon=True).start()
    threading.Thread(target=Handler.crashes.follow, daemon=True).start()
    http.server.ThreadingHTTPServer((config["address"], PORT), Handler).serve_forever()


if __name__ == "__main__":
    main()
