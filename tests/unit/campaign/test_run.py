"""Campaigns on real folders; only the drill is a stand-in, which leaves a report and breaks nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from campaigns import begun, choice, drilled, leave, report

from fournines.campaign.choice import Planned
from fournines.campaign.folder import DrillFolder, Folder
from fournines.campaign.outcome import Outcome
from fournines.campaign.run import SILENT, Asked, Campaign, Ending
from fournines.errors import DrillError, HostError, LockedError

Drill = Callable[[Planned, DrillFolder], None]


class Watch:
    """What a campaign did with what it was handed."""

    def __init__(self) -> None:
        self.healed: list[tuple[str, str]] = []
        self.logged: list[int] = []
        self.told: list[Outcome] = []
        self.now = 0.0

    def of(self, folder: Folder, drill: Drill, drills: int | None = None, seconds: float | None = None) -> Campaign:
        return Campaign(
            folder=folder,
            choice=choice(folder.about["seed"]),
            asked=Asked(drills, seconds),
            drill=drill,
            heal=lambda fault, target: self.healed.append((fault, target)),
            keep_logs=lambda drill, since, until: self.logged.append(drill.number),
            tell=self.told.append,
            clock=lambda: self.now,
        )


def turns(*what: dict[str, Any] | BaseException) -> Drill:
    """The k-th drill ends so."""
    left = list(what)

    def drill(planned: Planned, folder: DrillFolder) -> None:
        turn = left.pop(0)
        if isinstance(turn, BaseException):
            raise turn
        leave(folder, turn)

    return drill


def ended(folder: Folder) -> str | None:
    file = folder.path / "end.json"
    return json.loads(file.read_text())["why"] if file.exists() else None


def test_it_makes_as_many_as_asked(tmp_path: Path) -> None:
    folder, watch = begun(tmp_path), Watch()
    ending = watch.of(folder, drilled, drills=6)()
    assert (ending.how, ended(folder)) == ("done", "asked number done")
    assert [outcome.number for outcome in watch.told] == watch.logged == [1, 2, 3, 4, 5, 6]
    assert ending.exit_code(watch.told) == 0
    assert (tmp_path / "latest").resolve() == folder.path
    planned = [choice().planned(number) for number in range(1, 7)]
    drills = sorted(path.name for path in (folder.path / "drills").iterdir())
    assert drills == [f"{each.number:04}-{each.fault}" for each in planned]
    for drill, each in zip(folder.drills, planned, strict=True):
        plan = drill.plan
        assert {key: plan[key] for key in ("number", "fault", "target", "speed", "delay_s", "hold_s")} == {
            "number": each.number,
            "fault": each.fault,
            "target": each.target,
            "speed": each.speed,
            "delay_s": each.delay_s,
            "hold_s": each.hold_s,
        }
        assert plan["letter"] in ("-", "O", "D", "Q")
    assert Folder.unended(tmp_path) is None, "nothing resumes what has ended"


def test_time_counts_where_it_goes_on(tmp_path: Path) -> None:
    folder, watch = begun(tmp_path), Watch()

    def slow(planned: Planned, drill: DrillFolder) -> None:
        drilled(planned, drill)
        watch.now += 100

    assert watch.of(folder, slow, seconds=250)().why == "time is over"
    assert len(watch.told) == 3, "one that has begun is finished"


def test_a_violation_ends_it_and_nothing_is_touched_after(tmp_path: Path) -> None:
    folder, watch = begun(tmp_path), Watch()
    ending = watch.of(folder, turns(report(), report("fail", void="the prober stood still")), drills=9)()
    assert (ending.how, ending.exit_code(watch.told)) == ("violation", 1)
    assert ended(folder) == ending.why
    assert ending.why.startswith("violation: drill 2, ")
    assert "one-vip-holder: c1 and c2" in ending.why
    assert watch.healed == []
    assert watch.logged == [1, 2], "its logs are kept"


def test_a_violation_is_seen_also_when_nines_was_killed_before_it_could_say_so(tmp_path: Path) -> None:
    folder, watch = begun(tmp_path), Watch()
    leave(folder.begin(choice().planned(1), "D"), report("fail"))
    ending = watch.of(folder, drilled, drills=9)()
    assert (ending.how, watch.told) == ("violation", [])
    assert ended(folder) == ending.why


@pytest.mark.parametrize(
    ("silent", "result"),
    [
        (report("unknown"), "unknown"),
        (report(void="the prober was late"), "void"),
        (DrillError("the baseline is not clean"), "error"),
        (HostError("c1", "no end after 60 s"), "error"),
    ],
)
def test_what_says_nothing_is_counted_and_stops_it_three_in_a_row(
    tmp_path: Path, silent: dict[str, Any] | BaseException, result: str
) -> None:
    folder, watch = begun(tmp_path), Watch()
    ending = watch.of(folder, turns(silent, silent, report(), silent, silent, silent), drills=9)()
    assert [outcome.result for outcome in watch.told] == [result, result, "ok", result, result, result]
    assert ending.how == "stopped"
    assert ending.why.startswith(f"{SILENT} drills on end said nothing of the cloud: 4 {result}")
    assert ending.exit_code(watch.told) == 1
    assert ended(folder) is None, "it can be resumed"
    errors = sum(outcome.result == "error" for outcome in watch.told)
    assert len(watch.healed) == errors, "whatever a drill left that could not say how it ended"
    again = Watch()
    resumed = Folder.unended(tmp_path)
    assert resumed == folder
    assert again.of(folder, drilled, drills=9)().how == "done"
    assert [outcome.number for outcome in again.told] == [7, 8, 9]


def test_nothing_that_counts_is_7(tmp_path: Path) -> None:
    watch = Watch()
    ending = watch.of(begun(tmp_path), turns(report(void="late"), report("unknown")), drills=2)()
    assert ending.exit_code(watch.told) == 7
    assert Ending("stopped", "").exit_code([]) == 7


def test_an_unknown_audit_is_not_all_ok(tmp_path: Path) -> None:
    watch = Watch()
    ending = watch.of(begun(tmp_path), turns(report(), report("unknown")), drills=2)()
    assert (ending.how, ending.exit_code(watch.told)) == ("done", 1)


def test_an_interrupt_is_written_down_and_the_next_number_comes_next(tmp_path: Path) -> None:
    folder, watch = begun(tmp_path), Watch()
    with pytest.raises(KeyboardInterrupt):
        watch.of(folder, turns(report(), KeyboardInterrupt("SIGTERM")), drills=4)()
    assert folder.drills[1].outcome
    assert json.loads((folder.drills[1].path / "error.json").read_text())["kind"] == "KeyboardInterrupt"
    assert ended(folder) is None
    watch.of(folder, drilled, drills=4)()
    assert [outcome.number for outcome in watch.told] == [1, 3, 4]
    assert watch.healed == [], "the drill has healed by itself"


def test_a_bug_in_a_drill_leaves_its_name(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    with pytest.raises(ZeroDivisionError):
        Watch().of(folder, turns(ZeroDivisionError("by zero")), drills=4)()
    (outcome,) = folder.outcomes
    assert (outcome.result, outcome.why) == ("error", "ZeroDivisionError: by zero")


def test_one_process_at_a_time(tmp_path: Path) -> None:
    folder = begun(tmp_path)

    def nested(planned: Planned, drill: DrillFolder) -> None:
        with pytest.raises(LockedError, match="another run goes on"):
            Watch().of(folder, drilled, drills=1)()
        drilled(planned, drill)

    assert Watch().of(folder, nested, drills=1)().how == "done"


def test_the_newest_that_waits_is_resumed(tmp_path: Path) -> None:
    assert Folder.unended(tmp_path) is None
    old, newer, newest = begun(tmp_path, 1), begun(tmp_path, 2), begun(tmp_path, 3)
    newest.end("asked number done")
    (tmp_path / "20991231T000000Z-power-loss").mkdir()
    (tmp_path / "20991231T000001Z-prove").mkdir()  # killed before it could say what it is
    assert Folder.unended(tmp_path) == newer != old


SLOW = """
import sys, time
from pathlib import Path
sys.path.insert(0, {here!r})
from campaigns import drilled
from test_run import Watch
from fournines.campaign.folder import Folder

def drill(planned, folder):
    print(planned.number, flush=True)
    if planned.number == 3:
        time.sleep(60)
    drilled(planned, folder)

Watch().of(Folder(Path({folder!r})), drill, drills=5)()
"""


def in_its_third(folder: Folder) -> subprocess.Popen[str]:
    """A process of its own, in the middle of the third drill of a campaign."""
    program = SLOW.format(here=str(Path(__file__).parent), folder=str(folder.path))
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert [process.stdout.readline() for _ in range(3)] == ["1\n", "2\n", "3\n"]
    return process


def test_kill_9_and_resume(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    with in_its_third(folder) as process:
        with pytest.raises(LockedError):
            Watch().of(folder, drilled, drills=5)()
        process.kill()
    assert folder.drills[2].outcome is None
    resumed = Folder.unended(tmp_path)
    assert resumed
    watch = Watch()
    assert watch.of(resumed, drilled, drills=5)().how == "done"
    assert watch.healed == [(choice().planned(3).fault, choice().planned(3).target)], "before anything else"
    assert [outcome.number for outcome in watch.told] == [4, 5]
    results = [(outcome.number, outcome.result) for outcome in resumed.outcomes]
    assert results == [(1, "ok"), (2, "ok"), (3, "error"), (4, "ok"), (5, "ok")]
    uninterrupted = [choice().planned(number).fault for number in range(1, 6)]
    assert [outcome.fault for outcome in resumed.outcomes] == uninterrupted


def test_a_half_made_drill_folder_is_no_drill(tmp_path: Path) -> None:
    folder, watch = begun(tmp_path), Watch()
    (folder.path / "drills/.new").mkdir(parents=True)
    (folder.path / "drills/.new/plan.json").write_text("{")
    watch.of(folder, drilled, drills=1)()
    assert [outcome.number for outcome in watch.told] == [1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_leaves_it_to_be_resumed(tmp_path: Path, number: signal.Signals) -> None:
    folder = begun(tmp_path)
    with in_its_third(folder) as process:
        os.kill(process.pid, number)
        assert process.wait(30) != 0
    assert [outcome.result for outcome in folder.outcomes] == ["ok", "ok", "error"]
    assert ended(folder) is None
