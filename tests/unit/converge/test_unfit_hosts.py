"""Hosts that cannot be worked on as they are: each is told with host, service and remedy, before anything is written;
mended, the next apply goes on."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from converge_support import LocalHost, call_here, execute_doubles

from fournines.converge import apply as apply_module
from fournines.converge import look as look_module
from fournines.converge import rollout as rollout_module
from fournines.converge.agent import programs
from fournines.converge.agent.ports import listening, places_told
from fournines.converge.apply import apply
from fournines.converge.events import silent
from fournines.converge.look import clock_off
from fournines.converge.plan import plan
from fournines.converge.resources import File, Package, Resource, Unit
from fournines.converge.steps import Check, HostPart, Http, Stage, Tcp
from fournines.converge.transport import Progress
from fournines.errors import HostError, NinesError

NAMES = ("c1", "c2", "c3")
Alter = Callable[[str, dict[str, Any]], None]
DB = (
    Package(name="db"),
    File(path="/etc/db.conf", content="a = 1\n"),
    Unit(name="db.service", reads=("/etc/db.conf",)),
)


class Cloud:
    """Three hosts, whose agents run in this process, and one service on them."""

    def __init__(self, hosts: dict[str, LocalHost], folder: Path) -> None:
        self.hosts = hosts
        self.folder = folder
        self.alter: Alter = lambda host, answer: None
        """What one host's look says instead."""

    def stage(self, *resources: Resource, health: Check | None = None) -> Stage:
        wanted = resources or DB
        return Stage(
            name="database",
            after=(),
            bound=2,
            parts=tuple(HostPart(host=name, resources=wanted, health=health) for name in self.hosts),
        )

    def apply(self, *stages: Stage) -> bool:
        return apply(stages or (self.stage(),), self.hosts, silent, self.folder / "journal").changed

    def call(self, host: LocalHost, request: dict[str, Any], *, timeout: float, progress: Progress | None = None):
        answer = call_here(host, request, timeout=timeout, progress=progress)
        if request["op"] == "look":
            self.alter(host.name, answer)
        return answer

    def untouched(self) -> bool:
        return not any(host.path("/etc/db.conf").exists() for host in self.hosts.values())


@pytest.fixture
def cloud(make_host: Callable[[str], LocalHost], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    made = Cloud({name: make_host(name) for name in NAMES}, tmp_path)
    for host in made.hosts.values():
        host.put("/packages", "db\n")
        host.put("/index", "")
    monkeypatch.setattr(programs, "execute", execute_doubles)
    for module in (apply_module, look_module, rollout_module):
        monkeypatch.setattr(module, "call", made.call)
    return made


def refused(cloud: Cloud, *stages: Stage) -> NinesError:
    """What both `plan` and `apply` say; neither has written anything."""
    with pytest.raises(NinesError) as planned:
        plan(stages or (cloud.stage(),), cloud.hosts)
    with pytest.raises(NinesError) as applied:
        cloud.apply(*stages)
    assert planned.value.message == applied.value.message
    assert cloud.untouched()
    assert applied.value.exit_code != 0
    assert applied.value.remedy
    return applied.value


def goes_on(cloud: Cloud) -> None:
    cloud.alter = lambda host, answer: None
    assert cloud.apply()
    assert not cloud.apply()


@pytest.mark.parametrize(
    ("began", "ended", "off"),
    [
        (100.2, 100.9, 0),
        # A slow way there or back is no wrong clock.
        (100.9, 100.95, 0),
        (93.2, 93.9, -6.8),
        (107.2, 107.9, 6.9),
    ],
)
def test_how_far_a_clock_is_off_at_least(began: float, ended: float, off: float) -> None:
    assert clock_off(100, 101, began, ended) == pytest.approx(off)


def shifted(hosts: tuple[str, ...], by: float) -> Alter:
    def alter(host: str, answer: dict[str, Any]) -> None:
        if host in hosts:
            answer["clock"] = [each + by for each in answer["clock"]]

    return alter


def test_a_wrong_clock(cloud: Cloud) -> None:
    cloud.alter = shifted(("c2",), -90)
    error = refused(cloud)
    assert isinstance(error, HostError)
    assert error.message.startswith("c2: its clock is 90 s behind this machine's: ")
    assert "chrony on c2" in error.remedy
    cloud.alter = shifted(("c2",), -2)
    assert cloud.apply(), "2 s do no harm"


def test_a_wrong_clock_of_this_machine_is_not_blamed_on_the_hosts(cloud: Cloud) -> None:
    cloud.alter = shifted(NAMES, 3600)
    error = refused(cloud)
    assert not isinstance(error, HostError)
    assert error.message.startswith("the clock of this machine is 3600 s behind that of all hosts")
    goes_on(cloud)


@pytest.mark.parametrize(
    ("free", "told"), [({"bytes": 5 << 20}, "5 MiB free in "), ({"inodes": 7}, "7 inodes free in ")]
)
def test_a_full_disk(cloud: Cloud, free: dict[str, int], told: str) -> None:
    def full(host: str, answer: dict[str, Any]) -> None:
        if host == "c3":
            answer["room"] = [{**one, **free} for one in answer["room"]]

    cloud.alter = full
    error = refused(cloud)
    assert error.message.startswith(f"c3: the disk is full: {told}")
    assert error.message.endswith("where database write")
    goes_on(cloud)


def test_a_disk_that_becomes_full_leaves_no_half_of_a_file(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync

    def fails(descriptor: int) -> None:
        if "db.conf" in os.readlink(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fails)
        with pytest.raises(HostError) as caught:
            cloud.apply()
    assert caught.value.message == "c1, c2, c3: database: file /etc/db.conf: No space left on device"
    assert "make room" in caught.value.remedy
    assert not [path for host in cloud.hosts.values() for path in host.root.glob("etc/.*")]
    goes_on(cloud)


def test_a_host_with_another_version_than_the_others(cloud: Cloud) -> None:
    cloud.hosts["c2"].put("/packages", "db 2\n")
    error = refused(cloud)
    assert error.message == "c2: database: half upgraded: db 2 (others: 1)"
    assert "apt-get install db=1 on c2" in error.remedy
    cloud.hosts["c2"].put("/packages", "db\n")
    goes_on(cloud)


def test_another_version_that_was_installed_just_now_is_seen_before_anything_starts(cloud: Cloud) -> None:
    cloud.hosts["c1"].put("/packages", "db 2\n")
    cloud.hosts["c2"].put("/packages", "db 2\n")
    cloud.hosts["c3"].put("/packages", "")
    with pytest.raises(HostError, match=r"^c3: database: half upgraded: db 1"):
        cloud.apply()
    assert all(unit.get("active") is None for unit in cloud.hosts["c1"].units().values())
    cloud.hosts["c3"].put("/packages", "db 2\n")
    goes_on(cloud)


def test_a_package_that_the_archive_lacks(cloud: Cloud) -> None:
    cloud.hosts["c2"].put("/packages", "")
    cloud.hosts["c2"].put("/archive", "other\n")
    with pytest.raises(HostError) as caught:
        cloud.apply()
    assert caught.value.message == "c2: its package sources do not have db (database)"
    assert "/etc/apt/sources.list.d" in caught.value.remedy
    assert not cloud.hosts["c2"].path("/etc/db.conf").exists()
    cloud.hosts["c2"].put("/archive", "db\n")
    goes_on(cloud)


def test_a_port_that_somebody_else_holds(cloud: Cloud) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        cloud.hosts["c1"].set_unit("db.service", fails=True)
        stage = cloud.stage(*DB, health=Tcp(awaits="the database", address="127.0.0.1", port=port))
        with pytest.raises(HostError) as caught:
            cloud.apply(stage)
    assert caught.value.message.startswith(
        f"c1: database: cannot start db.service: port {port} of 127.0.0.1 is held by "
    )
    assert f"(pid {os.getpid()}, " in caught.value.message
    assert "end it on c1" in caught.value.remedy
    cloud.hosts["c1"].set_unit("db.service", fails=False)
    goes_on(cloud)


def test_a_member_that_never_serves_because_of_a_taken_port(cloud: Cloud) -> None:
    """It runs, or Pacemaker starts it; only its health tells."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        server.listen()
        url = f"http://127.0.0.1:{port}/"
        health = Http(awaits="the API to answer", url=url, timeout=0.2)
        stage = replace(cloud.stage(*DB, health=health), bound=0.5)
        with pytest.raises(
            HostError, match=rf"database: no sign of the API to answer: port {port} of 127.0.0.1 is held"
        ):
            cloud.apply(stage)


@pytest.mark.parametrize(
    ("journal", "place"),
    [
        (
            "probably another instance of uWSGI is running on the same address (10.83.0.11:5000).\n"
            "bind(): Address already in use [core/socket.c line 769]",
            ("10.83.0.11", 5000),
        ),
        (
            "[ALERT] (1) : Binding [/etc/haproxy/haproxy.cfg:30] for proxy keystone: cannot bind socket "
            "(Address already in use) for [10.83.0.10:5000]",
            ("10.83.0.10", 5000),
        ),
        (
            "[ERROR] Can't start server: Bind on TCP/IP port. Got error: 98: Address already in use\n"
            "[ERROR] Do you already have another server running on port: 3306 ?",
            ("", 3306),
        ),
        ("failed to listen on TCP port 11211: Address already in use", ("", 11211)),
        ("Failed to start Ranch listener: eaddrinuse (address already in use)\n port: 5672", ("", 5672)),
    ],
)
def test_what_programs_say_of_a_taken_port(journal: str, place: tuple[str, int]) -> None:
    assert place in places_told(["starting", *journal.splitlines(), "gone"])
    assert places_told(["listening on 10.83.0.11:5000"]) == []


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_the_kernels_list_of_listeners(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as server:
        assert listening()[os.fstat(server.fileno()).st_ino] == (address, server.getsockname()[1])
