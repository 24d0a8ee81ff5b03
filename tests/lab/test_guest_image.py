"""The guest is built from Debian's packages and booted under QEMU's emulation; no lab, no cloud."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dhcp_server import CLIENT, SERVER, Server
from guest_machine import BOUND, copied, free_port, machine
from standing_lab import REPOSITORY

from fournines.converge.events import silent
from fournines.guest import image, status

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.geteuid() != 0, reason="unpacking packages and chroot need root"),
    pytest.mark.timeout(900),
]
GIB = 1 << 30
UUID = "d8e02d56-2648-49a3-bf97-6be8f1204f38"
METADATA = {"uuid": UUID, "meta": {"uuid": "0", "hostname": "wrong"}, "hostname": "g1.novalocal", "name": "g1"}
ANSWER = """\
import sys
while sys.stdin.readline().strip():
    pass
body = sys.argv[1]
print(f"HTTP/1.0 200 OK\\r\\nContent-Length: {len(body)}\\r\\n\\r\\n{body}", end="")
"""


@pytest.fixture(scope="module")
def built(lab_state: None) -> Path:
    if not shutil.which("qemu-system-x86_64"):
        subprocess.run([REPOSITORY / "scripts/system-packages", "qemu-system-x86"], check=True, timeout=600)
    return image.ensure(silent)


def test_nova_takes_the_disk(built: Path) -> None:
    inspector: Any = importlib.import_module("oslo_utils.imageutils.format_inspector")
    found = inspector.detect_file_format(str(built))
    assert str(found) == "gpt", "what Nova calls a disk with a master boot record, too"
    found.safety_check()
    assert built.stat().st_size <= 64 << 20


def test_what_was_acknowledged_outlives_power_losses(built: Path, tmp_path: Path) -> None:
    disk = copied(built, tmp_path / "disk.raw")
    with machine(disk) as guest:
        first = guest.wait_status("counting", lambda seen: (seen.counter or 0) >= 3)
        assert (first.hostname, first.uuid, first.disk_error) == ("guest", None, "")
        assert first.lease
        assert first.lease.address == "10.0.2.15/24"
        assert first.lease.server == "10.0.2.2"
        code, body = guest.get("/cgi-bin/write", BOUND)
        assert code == 200
        assert 0 < status.written(body) < BOUND
        before = guest.wait_status("rising", lambda seen: (seen.counter or 0) > (first.counter or 0))
    # A volume is larger than its image.
    os.truncate(disk, GIB)
    with machine(disk) as guest:
        after = guest.wait_status("counting again", lambda seen: seen.counter is not None)
        assert after.boot_id != before.boot_id
        assert (after.counter or 0) >= (before.counter or 0) > 0
        guest.wait_status("rising", lambda seen: (seen.counter or 0) > (after.counter or 0))
        resumed = re.search(r"counted to (\d+)", guest.wait_line("disk has counted to"))
        assert resumed
        assert (before.counter or 0) <= int(resumed[1])
        assert float(guest.wait_line("nines guest: ready").split()[-2]) > 0


def test_its_address_is_acknowledged_as_often_as_asked_and_nothing_changes(built: Path, tmp_path: Path) -> None:
    disk = copied(built, tmp_path / "disk.raw")

    def renewed(_: int) -> status.Renewal:
        code, body = guest.get("/cgi-bin/renew", BOUND)
        assert code == 200, body
        return status.renewed(body)

    with machine(disk) as guest:
        before = guest.wait_status("a lease", lambda seen: seen.lease is not None)
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(renewed, range(12)))
        assert {(one.address, one.server) for one in found} == {("10.0.2.15", "10.0.2.2")}
        assert all(0 < one.seconds < BOUND for one in found)
        after = guest.status()
        assert before.lease
        assert after.lease
        assert replace(after.lease, age=0) == replace(before.lease, age=0)
        assert after.lease.age - before.lease.age == pytest.approx(after.uptime - before.uptime)
        assert after.boot_id == before.boot_id


def test_it_tells_which_disks_it_can_read_while_they_come_and_go(built: Path, tmp_path: Path) -> None:
    volume = tmp_path / "volume.raw"
    volume.touch()
    os.truncate(volume, GIB)

    def told(wanted: list[str]) -> bool | None:
        code, body = guest.get("/cgi-bin/disks", BOUND)
        assert code == 200, body
        return True if status.disks(body) == wanted else None

    with machine(copied(built, tmp_path / "disk.raw")) as guest:
        guest.wait("its own disk has no serial", lambda: told([]))
        for _ in range(2):
            guest.plug(volume, UUID)
            guest.wait("the volume", lambda: told([UUID[:20]]))
            guest.unplug()
            guest.wait("none", lambda: told([]))


def test_metadata_names_it_and_a_refused_write_is_not_acknowledged(built: Path, tmp_path: Path) -> None:
    disk = copied(built, tmp_path / "disk.raw", GIB)
    (tmp_path / "answer.py").write_text(ANSWER)
    (tmp_path / "answer").write_text(
        f"#!/bin/sh\nexec {sys.executable} {tmp_path}/answer.py '{json.dumps(METADATA)}'\n"
    )
    (tmp_path / "answer").chmod(0o755)
    more = ("net=169.254.169.0/24", f"guestfwd=tcp:169.254.169.254:80-cmd:{tmp_path}/answer")
    with machine(disk, *more) as guest:
        named = guest.wait_status("metadata", lambda seen: seen.uuid is not None)
        assert (named.hostname, named.uuid) == ("g1.novalocal", UUID)
        guest.wait_status("counting", lambda seen: (seen.counter or 0) >= 2)
        guest.disk_refuses()
        refused = guest.wait_status("an error", lambda seen: bool(seen.disk_error))
        code, body = guest.get("/cgi-bin/write", BOUND)
        assert (code, body.startswith("not written")) == (503, True), body
        later = guest.wait_status("the next try", lambda seen: seen.uptime > refused.uptime + 3)
        assert later.counter == refused.counter
        assert later.disk_error
        assert (later.counter_age or 0) > (refused.counter_age or 0) + 2
    with machine(disk) as guest:
        seen = guest.wait_status("counting again", lambda seen: seen.counter is not None)
        assert (seen.counter or 0) >= (refused.counter or 0)
        assert not seen.disk_error


def test_it_waits_for_dhcp_takes_mtu_and_routes_and_renews(built: Path, tmp_path: Path) -> None:
    disk = copied(built, tmp_path / "disk.raw")
    routes = bytes([32, 169, 254, 169, 254, *SERVER.packed, 0, *SERVER.packed])
    options = {
        1: bytes([255, 255, 255, 0]),
        # By RFC 3442 the routes hold and this router does not.
        3: bytes([10, 5, 0, 99]),
        12: b"by-dhcp",
        26: (1450).to_bytes(2, "big"),
        51: (16).to_bytes(4, "big"),
        121: routes,
    }
    # One more than udhcpc asks in a row.
    server = Server(options, deaf=6)
    own = free_port(socket.SOCK_DGRAM)
    try:
        with machine(disk, net=f"socket,udp=127.0.0.1:{server.port},localaddr=127.0.0.1:{own}") as guest:
            line = guest.wait_line("nines guest: lease")
            assert f"{CLIENT}/24 mtu 1450 routes 169.254.169.254/32 {SERVER} 0.0.0.0/0 {SERVER} for 16 s" in line
            guest.wait_line("renewed 1 times")
            assert server.requests >= 2
            # It is served on while it is renewed, so it was ready once.
            assert len([line for line in guest.console if "nines guest: ready" in line]) == 1
            assert not [line for line in guest.console if "not found" in line or "RTNETLINK" in line or "ip:" in line]
    finally:
        server.close()
