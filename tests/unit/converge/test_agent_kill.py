"""The agent's `write` killed between any two of its operations, then repeated: all is there, nothing is left over."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from converge_support import LocalHost, execute_doubles, tree

from fournines.converge.agent import programs
from fournines.converge.resources import Absent, Directory, File, Link, Mount, Package, Resource, Sysctl, Unit, User

WANTED: tuple[Resource, ...] = (
    Package(name="app"),
    User(name="app", groups=("adm",)),
    Directory(path="/var/lib/app", owner="app", group="app", mode=0o750),
    File(path="/var/lib/app/key", content="hunter2", owner="app", group="app", mode=0o400, secret=True),
    File(path="/etc/app.conf", content="a = 2\n"),
    File(path="/etc/once", content="first\n", once=True),
    File(path="/etc/systemd/system/app.service", content="[Service]\n[Install]\n"),
    Link(path="/etc/current", target="app.conf"),
    Absent(path="/etc/old"),
    Sysctl(key="net.ipv4.tcp_retries2", value="6"),
    Mount(path="/srv", source="/dev/vdb", fstype="xfs"),
    Unit(name="other.service", masked=True, enabled=None, running=None),
    Unit(name="app.service", reads=("/etc/app.conf", "/var/lib/app/key")),
)
# What changes the host. A kill comes before or, with the next call, after each.
CALLS = ("mkdir", "open", "fchown", "fchmod", "chmod", "chown", "fsync", "replace", "unlink", "symlink")


def prepared(host: LocalHost) -> LocalHost:
    host.put("/etc/app.conf", "a = 1\n")
    host.put("/etc/old", "x")
    host.put("/index", "")
    host.set_unit("app.service", active="active", enabled="disabled")
    return host


def write_until(host: LocalHost, number: int) -> bool:
    """Write in a process that dies, without a word, at its `number`-th operation. Whether it came to the end."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    left, in_program = number, False

    def dying(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **options: Any) -> Any:
            nonlocal left, in_program
            if in_program:
                # Programs of the host outlive the agent: each is one operation.
                return call(*args, **options)
            if left == 0:
                os._exit(9)
            left -= 1
            in_program = call is execute_doubles
            try:
                return call(*args, **options)
            finally:
                in_program = False

        return wrapped

    try:
        for name in CALLS:
            setattr(os, name, dying(getattr(os, name)))
        programs.execute = dying(programs.execute)
        host.write(*WANTED)
        os._exit(0)
    except BaseException:
        os._exit(1)


def test_write_killed_anywhere_and_repeated(
    make_host: Callable[[str], LocalHost], monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        pytest.skip("owners can only be set by root")
    monkeypatch.setattr(programs, "execute", execute_doubles)

    def fresh(name: str) -> LocalHost:
        host = prepared(make_host(name))
        monkeypatch.setenv("NINES_ROOT", str(host.root))
        return host

    whole = fresh("whole")
    whole.write(*WANTED)
    expected = tree(whole.root)

    number, ended = 0, False
    while not ended:
        host = fresh(f"killed-{number}")
        ended = write_until(host, number)
        host.write(*WANTED)
        assert tree(host.root) == expected, f"killed at operation {number}"
        assert [c["action"] for c in host.look(*WANTED)] == ["restart"], f"killed at operation {number}"
        assert "daemon-reload" in " ".join(host.calls())
        number += 1
    assert number > 40
