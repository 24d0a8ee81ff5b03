"""Hosts in a bad state at deployment: `nines` names host, service and remedy, and the next `up` goes on.

A wrong clock is tested with doubles only (tests/unit/converge/test_unfit_hosts.py): containers share one.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Generator
from contextlib import contextmanager

import pytest
from standing_lab import Standing

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.geteuid() != 0, reason="a lab needs root: namespaces, mounts and cgroups"),
]

LISTEN = "import socket, time; s = socket.create_server(('0.0.0.0', 11211)); time.sleep(600)"


@contextmanager
def foreign_listener(standing: Standing, host: str) -> Generator[str]:
    """A unit of somebody else's on memcached's port; its pid there."""
    standing.on(host, "systemd-run", "--quiet", "--collect", "--unit=squatter", "python3", "-c", LISTEN)
    try:
        deadline = time.monotonic() + 30
        while ":2BCB " not in standing.on(host, "grep", " 0A ", "/proc/net/tcp"):
            assert time.monotonic() < deadline, "it does not listen"
            time.sleep(0.2)
        yield standing.on(host, "systemctl", "show", "--value", "-p", "MainPID", "squatter").strip()
    finally:
        standing.on(host, "systemctl", "stop", "squatter")


def test_a_port_that_a_foreign_process_holds(standing: Standing):
    standing.on("c2", "systemctl", "stop", "memcached")
    with foreign_listener(standing, "c2") as pid:
        told = standing.nines("apply", exits=(5,)).stderr
        assert re.search(
            rf"c2: memcached: .*: port 11211 of \S+ is held by python3 \(pid {pid}, squatter.service\)", told
        ), told
        assert "systemctl disable --now squatter.service" in told
    standing.nines("up")
    standing.well()


@contextmanager
def small_disk(standing: Standing, host: str, folder: str) -> Generator[None]:
    """A nearly full file system over the folder, with what was in it."""
    standing.on(
        host,
        *("sh", "-ec"),
        f"mkdir -p /run/small; mount -t tmpfs -o size=1M small /run/small; cp -a {folder}/. /run/small/; "
        f"mount --bind /run/small {folder}; umount /run/small; rmdir /run/small",
    )
    try:
        yield
    finally:
        standing.on(host, "umount", folder)


def test_a_full_disk_is_told_before_anything_is_written(standing: Standing):
    was = standing.on("c3", "cat", "/etc/haproxy/local.cfg")
    with small_disk(standing, "c3", "/etc/haproxy"):
        for verb in ("plan", "apply"):
            told = standing.nines(verb, exits=(5,)).stderr
            assert re.search(r"c3: the disk is full: \d MiB free in /etc/haproxy, where haproxy", told), told
            assert "make room in /etc/haproxy" in told
    assert standing.on("c3", "cat", "/etc/haproxy/local.cfg") == was
    assert standing.json("apply")["moved"] == []


def test_a_host_that_is_off(standing: Standing):
    standing.power("c3").power_off()
    began = time.monotonic()
    told = standing.nines("apply", exits=(5,)).stderr
    assert time.monotonic() - began < 90
    assert re.search(r"\bc3: .*(off|no answer)", told), told
    standing.nines("up")
    standing.well()


def test_a_package_of_another_version_than_elsewhere(standing: Standing):
    """As an upgrade that stopped halfway leaves it, by dpkg's own record."""
    script = (
        "import re; p = '/var/lib/dpkg/status'; t = open(p).read(); "
        "n = re.sub(r'(?m)(^Package: memcached\\n(?:.+\\n)*?Version: .*)$', r'\\1+other', t); "
        "assert n != t; open(p, 'w').write(n)"
    )
    standing.on("c1", "cp", "-a", "/var/lib/dpkg/status", "/var/lib/dpkg/status.kept")
    try:
        standing.on("c1", "python3", "-c", script)
        told = standing.nines("plan", exits=(5,)).stderr
        assert re.search(r"c1: memcached: half upgraded: memcached \S+\+other \(others: ", told), told
        assert "apt-get install memcached=" in told
    finally:
        standing.on("c1", "mv", "/var/lib/dpkg/status.kept", "/var/lib/dpkg/status")
    assert standing.json("plan")["changes"] == []
