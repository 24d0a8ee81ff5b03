"""Starts and restarts: exactly when what a unit reads has changed, whoever started it, wherever a run was killed."""

from __future__ import annotations

import os
import threading
import time

import pytest
from converge_support import LocalHost, words

from fournines.converge.resources import File, Unit
from fournines.converge.steps import Command
from fournines.converge.transport import call
from fournines.errors import HostError

CONF = File(path="/etc/app.conf", content="a = 1\n")
CHANGED = File(path="/etc/app.conf", content="a = 2\n")
APP = Unit(name="app.service", reads=("/etc/app.conf",))


def asked(unit: Unit, action: str) -> dict[str, object]:
    reads = {"reads": list(unit.reads), "reload_reads": list(unit.reload_reads)}
    return {"name": unit.name, "action": action, **reads}


def move(host: LocalHost, action: str, unit: Unit = APP) -> dict[str, str]:
    units = [asked(unit, action)]
    answer = host.here("units", units=units, timeout=10)
    assert answer["failed"] == []
    return answer["did"]


def started(host: LocalHost) -> None:
    """The application runs with its first configuration, as an apply leaves it."""
    host.write(CONF, APP)
    assert move(host, "start") == {"app.service": "start"}
    assert host.look(CONF, APP) == []
    host.calls()


def test_write_starts_nothing_and_tells_what_is_left(inside: LocalHost) -> None:
    answer = inside.write(CONF, APP)
    assert words(answer["left"]) == ["start unit app.service"]
    assert inside.calls() == ["systemctl enable --no-reload app.service", "systemctl daemon-reload"]


def test_a_changed_file_makes_it_stale_until_restarted(inside: LocalHost) -> None:
    started(inside)
    assert words(inside.look(CHANGED, APP)) == ["update file /etc/app.conf", "restart unit app.service"]
    assert words(inside.write(CHANGED, APP)["left"]) == ["restart unit app.service"]
    # A run killed here: the next one still knows.
    assert words(inside.look(CHANGED, APP)) == ["restart unit app.service"]
    assert move(inside, "restart") == {"app.service": "restart"}
    assert inside.look(CHANGED, APP) == []


def test_reload_instead_of_restart(inside: LocalHost) -> None:
    unit = Unit(name="app.service", reads=("/etc/app.conf",), reload_reads=("/etc/app.pem",))
    old, new = (File(path="/etc/app.pem", content=content) for content in ("old", "new"))
    inside.write(CONF, old, unit)
    assert move(inside, "start", unit) == {"app.service": "start"}
    inside.calls()
    assert words(inside.look(CONF, new, unit)) == ["update file /etc/app.pem", "reload unit app.service"]
    assert words(inside.write(CONF, new, unit)["left"]) == ["reload unit app.service"]
    assert move(inside, "reload", unit) == {"app.service": "reload"}
    assert inside.calls() == ["systemctl reload app.service"]
    assert inside.look(CONF, new, unit) == []
    # A reload reads no other file again.
    assert words(inside.write(CHANGED, old, unit)["left"]) == ["restart unit app.service"]
    assert move(inside, "reload", unit) == {"app.service": "reload"}
    assert words(inside.look(CHANGED, old, unit)) == ["restart unit app.service"]
    assert move(inside, "restart", unit) == {"app.service": "restart"}
    assert inside.look(CHANGED, old, unit) == [], "a restart reads everything"


def test_started_by_somebody_else_is_stale(inside: LocalHost) -> None:
    inside.set_unit("app.service", active="active", enabled="enabled")
    inside.write(CONF, APP)
    assert words(inside.look(CONF, APP)) == ["restart unit app.service"]


def test_a_start_that_finds_it_running_with_older_files_leaves_it_to_the_rolling_restart(inside: LocalHost) -> None:
    inside.set_unit("app.service", active="active", enabled="enabled", since=1)
    inside.write(CONF, APP)
    assert move(inside, "start") == {"app.service": "stale"}
    assert inside.calls() == []


def test_a_start_that_finds_it_started_after_the_files_only_stamps_it(inside: LocalHost) -> None:
    inside.write(CONF, APP)
    inside.calls()
    time.sleep(0.02)  # ctime has the grain of the kernel's tick
    inside.set_unit("app.service", active="active", since=int(time.monotonic() * 1e6))
    assert move(inside, "start") == {"app.service": "already"}
    assert inside.calls() == []
    assert inside.look(CONF, APP) == []


def test_a_start_under_way_is_joined_unless_it_began_with_older_files(inside: LocalHost) -> None:
    inside.write(CONF, APP)
    time.sleep(0.02)
    inside.set_unit("app.service", active="activating", since=int(time.monotonic() * 1e6))
    assert words(inside.look(CONF, APP)) == ["start unit app.service"]
    assert move(inside, "start") == {"app.service": "start"}
    inside.set_unit("app.service", active="activating", since=1)
    assert words(inside.look(CONF, APP)) == ["start unit app.service"]
    assert move(inside, "start") == {"app.service": "restart"}
    assert inside.look(CONF, APP) == []


def test_a_restart_that_another_run_has_done_meanwhile_is_not_repeated(inside: LocalHost) -> None:
    started(inside)
    assert move(inside, "restart") == {"app.service": "already"}
    assert inside.calls() == []


def test_a_unit_of_pacemaker_is_reloaded_only_when_it_runs_with_older_files(inside: LocalHost) -> None:
    unit = Unit(name="app.service", enabled=None, running=None, reload_reads=("/etc/app.conf",))
    inside.write(CONF, unit)
    assert inside.look(CONF, unit) == []
    time.sleep(0.02)
    inside.set_unit("app.service", active="active", since=int(time.monotonic() * 1e6))
    assert inside.look(CONF, unit) == [], "Pacemaker started it with what is there"
    assert words(inside.write(CHANGED, unit)["left"]) == ["reload unit app.service"]
    assert move(inside, "reload", unit) == {"app.service": "reload"}
    assert inside.look(CHANGED, unit) == []


def test_stop(inside: LocalHost) -> None:
    inside.set_unit("app.service", active="active", enabled="enabled")
    unit = Unit(name="app.service", enabled=None, running=False)
    assert words(inside.look(unit)) == ["stop unit app.service"]
    assert move(inside, "stop", unit) == {"app.service": "stop"}
    assert inside.look(unit) == []


def test_a_failed_start_shows_the_journal_and_leaves_no_stamp(inside: LocalHost) -> None:
    inside.write(CONF, APP)
    inside.set_unit("app.service", fails=True)
    units = [asked(APP, "start")]
    answer = inside.here("units", units=units, timeout=10)
    (failed,) = answer["failed"]
    assert failed["said"] == "Job for app.service failed."
    assert failed["journal"][-1] == "line 19 of app.service"
    assert len(failed["journal"]) == 20
    assert not inside.path("/var/lib/fournines/stamps.json").exists()


@pytest.mark.parametrize("action", ["start", "restart"])
def test_a_unit_that_systemd_starts_again_by_itself_may_fail_before_what_it_needs_is_there(
    inside: LocalHost, action: str
) -> None:
    inside.write(CONF, APP)
    inside.set_unit("app.service", fails=2)
    inside.calls()
    assert move(inside, action) == {"app.service": "start"}
    assert inside.calls() == ["systemctl start app.service"] * 3


def test_a_unit_that_fails_for_ever_is_told_after_three_starts(inside: LocalHost) -> None:
    inside.write(CONF, APP)
    inside.set_unit("app.service", fails=1000)
    inside.calls()
    (failed,) = inside.here("units", units=[asked(APP, "start")], timeout=10)["failed"]
    assert failed["said"] == "Job for app.service failed."
    assert inside.calls() == ["systemctl start app.service"] * 3


def test_systemd_rereads_after_a_run_that_was_killed_before_it_did(inside: LocalHost) -> None:
    inside.put("/var/lib/fournines/daemon-reload", "")
    assert words(inside.look(CONF)) == ["create file /etc/app.conf", "reload systemd unit files"]
    inside.write(CONF)
    assert inside.calls() == ["systemctl daemon-reload"]
    assert inside.look(CONF) == []


def test_a_unit_that_cannot_be_enabled_is_an_error(inside: LocalHost) -> None:
    inside.set_unit("app.service", enabled="static")
    with pytest.raises(Exception, match=r"still to do after writing: enable unit app.service .*\[Install\]"):
        inside.write(Unit(name="app.service", running=None))


def test_a_unit_file_of_the_operator_is_not_masked_away(inside: LocalHost) -> None:
    inside.put("/etc/systemd/system/own.service", "[Service]\n")
    with pytest.raises(Exception, match="there is a unit file of that name"):
        inside.write(Unit(name="own.service", masked=True, enabled=None, running=None))


def test_an_agent_whose_operator_died_holds_up_the_next_until_it_ends(host: LocalHost) -> None:
    """Two runs of one step: the second waits for the first, then finds it done and skips it."""
    flag, slow = host.path("/flag"), host.path("/slow")
    os.mkfifo(slow)
    step = {
        "op": "run",
        "name": "make the flag",
        "command": {"argv": ["sh", "-c", f"cat {slow} >> {flag}"], "stdin": "", "timeout": 20, "secret": False},
        "done": Command(awaits="", argv=("test", "-s", str(flag)), timeout=5).as_data(),
        "bound": 5,
    }
    results: list[dict[str, object]] = []
    threads = [threading.Thread(target=lambda: results.append(call(host, step, timeout=60))) for _ in range(2)]
    for thread in threads:
        thread.start()
    slow.write_text("done once\n")
    for thread in threads:
        thread.join(60)
    assert sorted(bool(result["skipped"]) for result in results) == [False, True]
    assert flag.read_text() == "done once\n"


def test_refusals_carry_the_host_and_the_place(host: LocalHost) -> None:
    if os.geteuid() == 0:
        wanted = File(path="/etc/x", content="", owner="nobody-here").as_data()
        with pytest.raises(HostError, match=r"^c1: file /etc/x: there is no user nobody-here or no group root$"):
            host.ask("write", resources=[wanted])
    host.put("/etc/full/a", "")
    with pytest.raises(HostError, match=r"^c1: absent /etc/full: Directory not empty$"):
        host.ask("write", resources=[{"kind": "absent", "path": "/etc/full"}])
