"""Applying stages to three hosts, each the real agent under a folder: order, health, rolling restarts, kills."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from converge_support import NOWHERE, LocalHost, call_here, execute_doubles

from fournines.converge import apply as apply_module
from fournines.converge import look as look_module
from fournines.converge import rollout as rollout_module
from fournines.converge.agent import programs
from fournines.converge.apply import Outcome, apply
from fournines.converge.events import Event, silent
from fournines.converge.plan import plan
from fournines.converge.resources import File, Unit
from fournines.converge.steps import Command, HostPart, Stage, Step
from fournines.errors import HostError, NinesError, WaitError

NAMES = ("c1", "c2", "c3")


class Lab:
    """Three hosts and two services: a database and an API that needs it."""

    def __init__(self, make_host: Callable[[str], LocalHost], folder: Path) -> None:
        self.hosts = {name: make_host(name) for name in NAMES}
        self.folder = folder
        self.journal = folder / "journal.jsonl"
        self.events: list[Event] = []

    def flag(self, name: str) -> Path:
        return self.folder / name

    def active(self, host: str, unit: str) -> Command:
        """Healthy: the unit is active there, and no flag says that it is sick."""
        state, sick = self.hosts[host].path(f"/active/{unit}"), self.flag(f"sick-{unit}-{host}")
        script = f"state=inactive; read -r state < {state}; echo $state; [ $state = active ] && ! [ -e {sick} ]"
        return Command(awaits=f"{unit} to serve", argv=("sh", "-c", script))

    def stage(self, name: str, after: tuple[str, ...] = (), content: str = "a = 1\n", bound: float = 20) -> Stage:
        conf, unit = f"/etc/{name}.conf", f"{name}.service"
        resources = (File(path=conf, content=content), Unit(name=unit, reads=(conf,)))
        return Stage(
            name=name,
            after=after,
            bound=bound,
            parts=tuple(HostPart(host=h, resources=resources, health=self.active(h, unit)) for h in self.hosts),
        )

    def step(self, stage: str, name: str, when: str = "after") -> Step:
        flag, log = self.flag(name), self.folder / "calls"
        return Step(
            name=name,
            host="c1",
            done=Command(awaits=f"{name} to be there", argv=("test", "-e", str(flag))),
            run=Command(awaits="", argv=("sh", "-c", f"echo c1 step {name} >> {log}; touch {flag}")),
            bound=2,
            when="before" if when == "before" else "after",
        )

    def apply(self, *stages: Stage) -> Outcome:
        return apply(stages, self.hosts, self.events.append, self.journal)

    def calls(self) -> list[str]:
        """Starts, restarts and steps on all hosts since this was last asked, in the order in which they happened."""
        log = self.folder / "calls"
        found = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return [
            line.replace("systemctl ", "") for line in found if "enable" not in line and "daemon-reload" not in line
        ]


@pytest.fixture
def piped(make_host: Callable[[str], LocalHost], tmp_path: Path) -> Lab:
    """Hosts whose agents are processes of their own, their source piped to them."""
    return Lab(make_host, tmp_path)


@pytest.fixture
def lab(piped: Lab, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """The same with the agents in this process, which is quicker."""
    monkeypatch.setattr(programs, "execute", execute_doubles)
    for module in (apply_module, look_module, rollout_module):
        monkeypatch.setattr(module, "call", call_here)
    return piped


def test_order_then_a_second_apply_that_does_nothing(piped: Lab) -> None:
    lab = piped
    database = replace(
        lab.stage("db"), steps=(lab.step("db", "bootstrap", "before"), lab.step("db", "schema")), start="serial"
    )
    stages = (database, lab.stage("api", after=("db",)))
    before = plan(stages, lab.hosts)
    assert len(before.changes) == 18
    assert [step.name for step in before.steps] == ["bootstrap", "schema"]
    assert not before.healthy

    outcome = lab.apply(*stages)
    calls = lab.calls()
    assert calls[:5] == [
        "c1 step bootstrap",
        "c1 start db.service",
        "c2 start db.service",
        "c3 start db.service",
        "c1 step schema",
    ]
    assert sorted(calls[5:]) == [f"{name} start api.service" for name in NAMES]
    assert len(outcome.moved) == 6
    assert outcome.steps == (("c1", "bootstrap"), ("c1", "schema"))

    assert plan(stages, lab.hosts).empty
    again = lab.apply(*stages)
    assert not again.changed
    assert lab.calls() == []


def test_independent_stages_run_at_once_and_a_failure_lets_the_others_end(lab: Lab) -> None:
    """`a` fails while `b` still waits for its health: `b` ends well, `d` after both never starts."""
    a, b = lab.stage("a", bound=1), lab.stage("b")
    d = lab.stage("d", after=("a", "b"))
    for name in NAMES:
        lab.flag(f"sick-a.service-{name}").touch()
        lab.flag(f"sick-b.service-{name}").touch()

    def heal(event: Event) -> None:
        lab.events.append(event)
        if event.kind == "fail" and event.stage == "a":
            for name in NAMES:
                lab.flag(f"sick-b.service-{name}").unlink()

    with pytest.raises(WaitError) as caught:
        apply((a, b, d), lab.hosts, heal, lab.journal)
    assert "c1: waited 1 s for a.service to serve (a); last seen: active" in str(caught.value)
    assert "c3: waited 1 s" in str(caught.value)
    assert caught.value.remedy == "nines logs c1 a"
    assert ("done", "b") in [(event.kind, event.stage) for event in lab.events if event.host is None]
    assert not [call for call in lab.calls() if "d.service" in call]


def test_rolling_restart_one_at_a_time_in_the_stages_order_with_health_between(lab: Lab) -> None:
    lab.apply(lab.stage("db"))
    lab.calls()
    changed = lab.stage("db", content="a = 2\n")
    changed = replace(changed, parts=(changed.parts[2], changed.parts[0], changed.parts[1]))
    assert "c3,c1,c2  db: restart unit db.service" in str(plan((changed,), lab.hosts)).replace("c1,c2,c3", "c3,c1,c2")
    seen: list[str] = []

    def observe(event: Event) -> None:
        if event.kind in ("change", "done") and event.host and event.stage == "db" and "file" not in event.text:
            seen.append(f"{event.host} {event.text}")

    apply((changed,), lab.hosts, observe, lab.journal)
    assert lab.calls() == [f"{name} restart db.service" for name in ("c3", "c1", "c2")]
    assert seen == [f"{name} {what}" for name in ("c3", "c1", "c2") for what in ("restart db.service", "healthy")]


def test_no_member_is_touched_while_another_is_not_healthy(lab: Lab) -> None:
    lab.apply(lab.stage("db"))
    lab.calls()
    # c2 has the new file already and is sick: c1 and c3 are stale and serve.
    lab.flag("sick-db.service-c2").touch()
    changed = lab.stage("db", content="a = 2\n", bound=1)
    new = changed.parts[1].resources[0]
    assert isinstance(new, File)
    old = lab.stage("db", bound=1)
    mixed = replace(old, parts=(changed.parts[0], old.parts[1], changed.parts[2]))
    with pytest.raises(WaitError, match=r"^c2: waited 1 s for db.service to serve \(db\); last seen: active$"):
        lab.apply(mixed)
    assert lab.calls() == []
    lab.flag("sick-db.service-c2").unlink()
    lab.apply(mixed)
    assert lab.calls() == ["c1 restart db.service", "c3 restart db.service"]


def test_a_member_that_does_not_come_back_stops_the_rolling_restart(lab: Lab) -> None:
    lab.apply(lab.stage("db"))
    lab.calls()

    def break_c1(event: Event) -> None:
        if event.kind == "change" and event.text == "restart db.service":
            lab.flag(f"sick-db.service-{event.host}").touch()

    bad = lab.stage("db", content="a = bad\n", bound=1)
    with pytest.raises(WaitError, match=r"^c1: waited 1 s for db\.service to serve"):
        apply((bad,), lab.hosts, break_c1, lab.journal)
    assert lab.calls() == ["c1 restart db.service"]
    # The mended file: the sick one first, then the others.
    lab.flag("sick-db.service-c1").unlink()
    lab.apply(lab.stage("db", content="a = 3\n", bound=1))
    assert lab.calls() == [f"{name} restart db.service" for name in NAMES]


def test_a_wrong_file_on_all_members_is_mended_the_sick_first(lab: Lab) -> None:
    lab.apply(lab.stage("db"))
    lab.calls()
    for name in ("c2", "c3"):
        lab.flag(f"sick-db.service-{name}").touch()

    def restarted(event: Event) -> None:
        if event.kind == "change" and event.text == "restart db.service":
            lab.flag(f"sick-db.service-{event.host}").unlink(missing_ok=True)

    apply((lab.stage("db", content="mended\n", bound=1),), lab.hosts, restarted, lab.journal)
    assert lab.calls() == [f"{name} restart db.service" for name in ("c2", "c3", "c1")]


def test_a_failed_start_names_host_unit_and_journal(lab: Lab) -> None:
    lab.hosts["c2"].set_unit("db.service", fails=True)
    with pytest.raises(HostError) as caught:
        lab.apply(lab.stage("db"))
    assert caught.value.message.startswith("c2: db: cannot start db.service: Job for db.service failed.\n  line 0 of")
    assert "line 19 of db.service" in caught.value.message
    assert sorted(lab.calls()) == [f"{name} start db.service" for name in NAMES]
    assert not [event for event in lab.events if event.kind == "done" and event.host is None and event.stage == "db"]


def test_a_step_that_does_not_do_its_work(lab: Lab) -> None:
    done = Command(awaits="the table to be there", argv=("sh", "-c", "echo no table; false"))
    run = Command(awaits="", argv=("sh", "-c", "echo access denied >&2; exit 2"))
    failing = Step(name="make the table", host="c2", done=done, run=run, bound=0.3, again=())
    with pytest.raises(HostError, match=r"^c2: db: make the table: exit 2: access denied$"):
        lab.apply(replace(lab.stage("db"), steps=(failing,)))
    idle = replace(failing, run=Command(awaits="", argv=("true",)))
    with pytest.raises(WaitError, match=r"it ran, then waited 0.3 s for the table to be there; last seen: no table$"):
        lab.apply(replace(lab.stage("db"), steps=(idle,)))


def test_a_step_that_fails_is_tried_again(lab: Lab, tmp_path: Path) -> None:
    """Succeeds at the third try, and says why it needed it."""
    tries = tmp_path / "tries"
    done = Command(awaits="the table", argv=("sh", "-c", f"test $(wc -l < {tries}) = 3"))
    run = Command(
        awaits="", argv=("sh", "-c", f"echo >> {tries}; test $(wc -l < {tries}) = 3 || {{ echo lost; exit 1; }}")
    )
    step = Step(name="make the table", host="c2", done=done, run=run, bound=0.3, again=(0, 0))
    outcome = lab.apply(replace(lab.stage("db"), steps=(step,)))
    assert outcome.steps == (("c2", "make the table"),)
    notes = [event.text for event in lab.events if event.kind == "note"]
    assert notes == ["make the table: exit 1: lost; again in 0 s"] * 2

    tries.write_text("\n" * 3)
    endless = replace(step, done=replace(done, argv=("false",)), run=replace(run, argv=("sleep", "60"), timeout=0.5))
    with pytest.raises(HostError, match=r"^c2: db: make the table: no end after 0.5 s: $"):
        lab.apply(replace(lab.stage("db"), steps=(endless,)))
    assert len(notes) == len([event for event in lab.events if event.kind == "note"])


def test_one_host_down_is_said_before_anything_is_written(lab: Lab) -> None:
    lab.hosts["c3"] = replace(lab.hosts["c3"], doubles=NOWHERE)
    with pytest.raises(HostError, match=r"^c3: "):
        lab.apply(lab.stage("db"))
    assert not lab.hosts["c1"].path("/etc/db.conf").exists()


def test_stages_that_need_each_other(lab: Lab) -> None:
    with pytest.raises(NinesError, match="these stages need each other: "):
        lab.apply(lab.stage("a", after=("b",)), lab.stage("b", after=("a",)))
    with pytest.raises(NinesError, match="a comes after b, which is not deployed"):
        lab.apply(lab.stage("a", after=("b",)))


def test_the_journal_is_one_object_a_line_and_has_no_secrets(lab: Lab) -> None:
    lab.journal.write_text('{"torn')
    stage = lab.stage("db")
    secret = File(path="/etc/key", content="hunter2\n", mode=0o400, secret=True)
    stage = replace(stage, parts=tuple(replace(part, resources=(*part.resources, secret)) for part in stage.parts))
    assert "hunter2" not in str(plan((stage,), lab.hosts)) + json.dumps(plan((stage,), lab.hosts).as_json())
    lab.apply(stage)
    text = lab.journal.read_text()
    assert "hunter2" not in text
    assert "hunter2" not in str(lab.events)
    torn, *lines = text.splitlines()
    assert torn == '{"torn'
    parsed = [json.loads(line) for line in lines]
    assert parsed[0]["kind"] == "start"
    assert parsed[-1]["text"] == "done"
    assert len(parsed) == len(lab.events)
    assert {line["host"] for line in parsed} == {None, *NAMES}


def test_apply_killed_while_it_starts_and_while_it_restarts_then_repeated(piped: Lab) -> None:
    """The whole operator process dies by SIGKILL; its agents may live on. The next apply ends the work."""
    program = """
        import sys
        sys.path.insert(0, sys.argv[1])
        import pathlib, test_apply, converge_support
        folder, doubles = pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
        lab = test_apply.Lab(lambda n: converge_support.LocalHost(n, folder / n, doubles), folder)
        lab.apply(*test_apply.killable(lab, sys.argv[4]))
    """
    lab = piped
    doubles = lab.hosts["c1"].doubles
    moments = ("c1 start db.service", "c2 restart db.service")
    for round_, moment in enumerate(moments):
        content = f"round = {round_}\n"
        argv = [sys.executable, "-c", textwrap.dedent(program), str(Path(__file__).parent), str(lab.folder)]
        for log in (lab.journal, lab.folder / "calls"):
            log.unlink(missing_ok=True)
        with subprocess.Popen([*argv, str(doubles), content]) as process:
            bound = time.monotonic() + 60
            while not any(
                log.exists() and moment in log.read_text().replace("systemctl ", "")
                for log in (lab.journal, lab.folder / "calls")
            ):
                assert process.poll() is None, "it came to its end before the moment of the kill"
                assert time.monotonic() < bound
                time.sleep(0.01)
            os.kill(process.pid, signal.SIGKILL)
        stages = killable(lab, content)
        lab.apply(*stages)
        assert plan(stages, lab.hosts).empty
        for host in lab.hosts.values():
            assert host.path("/etc/db.conf").read_text() == content
            assert not list(host.root.rglob(".*.nines"))
    assert lab.flag("schema").exists()


def killable(lab: Lab, content: str) -> tuple[Stage, ...]:
    database = replace(lab.stage("db", content=content), steps=(lab.step("db", "schema"),))
    return database, lab.stage("api", after=("db",), content=content)


def test_a_wait_is_told_while_it_lasts(lab: Lab) -> None:
    flag = lab.flag("sick-db.service-c2")
    flag.touch()
    waits: list[Event] = []

    def observe(event: Event) -> None:
        if event.kind == "wait":
            waits.append(event)
            flag.unlink(missing_ok=True)

    apply((lab.stage("db"),), lab.hosts, observe, lab.journal)
    assert (waits[0].host, waits[0].stage) == ("c2", "db")
    assert waits[0].text == "db.service to serve; last seen: active"


def test_an_observer_is_never_called_from_two_threads_at_once(lab: Lab) -> None:
    busy = threading.Lock()

    def observe(event: Event) -> None:
        assert busy.acquire(blocking=False)
        time.sleep(0.001)
        busy.release()

    apply((lab.stage("db"), lab.stage("api")), lab.hosts, observe, lab.journal)
    apply((lab.stage("db"), lab.stage("api")), lab.hosts, silent, lab.journal)
