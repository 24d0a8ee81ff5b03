"""Who is left without a majority, what is tried there, and what that comes to."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from views import cloud

from fournines.converge.steps import Command
from fournines.errors import HostError
from fournines.faults import Cut, catalogue, named
from fournines.faults._pair import both
from fournines.hosts import PowerState
from fournines.prove.minority import Tried, Watch, attempt, cut_by, judge, left_behind, trials
from fournines.services import Trial

CONTROL = ("c1", "c2", "c3")


@pytest.mark.parametrize(
    ("cut", "targets", "behind"),
    [
        (None, ("c1",), ()),
        ("apart", ("c1",), ("c1",)),
        ("together", ("c1",), ("c1",)),
        ("apart", ("c1", "c2"), ("c1", "c2", "c3")),
        ("together", ("c1", "c2"), ("c3",)),
        ("together", ("c1", "n1"), ("c1",)),
        ("apart", ("g1",), ()),
        ("apart", (), ()),
    ],
)
def test_who_is_left_behind(cut: Cut, targets: tuple[str, ...], behind: tuple[str, ...]) -> None:
    assert left_behind(cut, targets, CONTROL) == behind


@pytest.mark.parametrize(
    ("first", "second", "cut", "targets"),
    [
        ("host-isolate", "packet-loss", "apart", ["c1"]),
        ("partition", "packet-loss", "together", ["c1"]),
        # With a host that is gone, whoever is left is one less.
        ("host-isolate", "power-loss", "apart", ["c1", "c2"]),
        ("partition", "power-loss", None, ["c1", "c2"]),
        ("packet-loss", "packet-loss", None, []),
    ],
)
def test_of_two_faults_those_that_separate_hosts_count(first: str, second: str, cut: Cut, targets: list[str]) -> None:
    pair = both(named(first), named(second))
    pair.struck = (["c1"], ["c2"])
    assert cut_by(pair, ["c1", "c2"]) == (cut, targets)


def test_two_halves_are_both_minorities() -> None:
    assert left_behind("together", ("a", "b"), ("a", "b", "c", "d")) == ("a", "b", "c", "d")


@given(
    cut=st.sampled_from([None, "apart", "together"]),
    members=st.sets(st.integers(0, 8), min_size=1),
    targets=st.sets(st.integers(0, 11)),
)
def test_whoever_is_not_left_behind_reaches_a_majority(cut: Cut, members: set[int], targets: set[int]) -> None:
    names, struck = [f"m{n}" for n in sorted(members)], [f"m{n}" for n in sorted(targets)]
    behind = {*left_behind(cut, struck, names)}
    ahead = {*names} - behind
    assert not ahead or 2 * len(ahead) > len(names)
    if cut is None:
        assert not behind
    elif cut == "apart" and len(names) > 1:
        assert {*names} & {*struck} <= behind


def test_which_faults_leave_a_minority_alive() -> None:
    cutting = {name: fault.cuts for name, fault in catalogue().items() if fault.cuts}
    assert {"blackhole", "deaf", "mute", "host-isolate", "partition"} <= {*cutting}
    assert cutting["partition"] == "together"
    assert named("power-loss").cuts is named("packet-loss").cuts is None


def test_what_lives_by_a_majority_is_tried_on_those_left_behind() -> None:
    wanted = trials("apart", ("c3",), cloud())
    assert {*wanted} == {("galera", "c3"), ("pacemaker", "c3")}, "keystone lives by any one member"
    assert wanted["pacemaker", "c3"].after_s > cloud().timers.vip_failover(), "the VIP may be there until it was fenced"
    assert not trials(None, ("c3",), cloud())


def tried(came: str, host: str = "c1", service: str = "galera", after_s: float = 4.0) -> Tried:
    return Tried(service, host, came, "why", after_s)  # type: ignore[arg-type]


def test_what_trials_come_to() -> None:
    def verdict(*each: Tried) -> str | None:
        found = judge(each)
        return found and found.verdict

    assert verdict() is None, "a fault that leaves nobody behind has no such audit"
    assert verdict(tried("refused"), tried("off")) == "ok"
    assert verdict(tried("refused"), tried("unknown")) == "ok", "it was tried, and once it could not be"
    assert verdict(tried("refused"), tried("unknown", host="c2")) == "unknown"
    assert verdict(tried("refused"), tried("unknown", service="etcd")) == "unknown"
    assert verdict(tried("off"), tried("unknown", "c2"), tried("accepted", "c3")) == "fail", "the worst wins"
    vip = ("pacemaker", "c1")
    assert judge([tried("refused")], [("galera", "c1")]) == judge([tried("refused")])
    assert [each and each.verdict for each in (judge([tried("refused")], [vip]), judge([tried("off")], [vip]))] == [
        "unknown",
        "ok",
    ]
    ok = judge([tried("refused"), tried("refused", service="etcd"), tried("off", after_s=7.2)])
    assert ok is not None
    assert ok.detail == "c1: 2 trials, none accepted (etcd, galera), found off 7 s after the fault"


@given(st.lists(st.sampled_from(["accepted", "refused", "off", "unknown"])))
def test_only_what_was_seen_to_be_refused_is_ok(came: list[str]) -> None:
    verdict = judge([tried(each) for each in came])
    if "accepted" in came:
        assert verdict is not None
        assert verdict.verdict == "fail"
    elif came:
        assert verdict is not None
        assert (verdict.verdict == "ok") == bool({"refused", "off"} & {*came})


@dataclass
class Left:
    """A host whose member answers so, and whose power can go."""

    name: str = "c1"
    says: str = ""
    state: PowerState = "on"
    asked: list[float] = field(default_factory=list[float])

    def argv(self, command: Sequence[str]) -> list[str]:
        self.asked.append(time.monotonic())
        if self.state == "off":
            raise HostError(self.name, "is off")
        return [sys.executable, "-c", "import sys; print(sys.argv[1])", self.says]

    def power(self) -> PowerState:
        return self.state

    def power_on(self) -> None:
        self.state = "on"

    def power_off(self) -> None:
        self.state = "off"


TRIAL = Trial(Command(awaits="", argv=("try",)))


def said(accepted: bool | None) -> str:
    return json.dumps({"accepted": accepted, "seen": "so"})


def test_one_trial() -> None:
    assert attempt(Left(says=said(True)), TRIAL) == ("accepted", "so")
    assert attempt(Left(says=said(False)), TRIAL) == ("refused", "so")
    assert attempt(Left(says=said(None)), TRIAL) == ("unknown", "so")
    for nonsense in ("", "[]", "{}", "no"):
        assert attempt(Left(says=nonsense), TRIAL)[0] == "unknown"


def watched(host: Left, trial: Trial = TRIAL) -> Watch:
    with Watch({("galera", "c1"): trial}, {"c1": host}) as watch:
        until = time.monotonic() + 20
        while not host.asked and time.monotonic() < until and not trial.after_s:
            time.sleep(0.01)
    return watch


def test_it_is_tried_while_the_fault_lasts_and_no_longer() -> None:
    host = Left(says=said(True))
    (verdict,) = watched(host).verdicts()
    assert verdict.verdict == "fail"
    assert "galera on c1" in verdict.detail
    asked = len(host.asked)
    time.sleep(0.2)
    assert len(host.asked) == asked


def test_a_host_that_was_fenced_accepts_nothing() -> None:
    (verdict,) = watched(Left(state="off")).verdicts()
    assert verdict.verdict == "ok"
    assert re.fullmatch(r"c1: found off \d+ s after the fault", verdict.detail), verdict.detail


def test_what_timers_still_allow_is_not_tried_and_so_not_known() -> None:
    (verdict,) = watched(Left(says=said(True)), Trial(TRIAL.command, after_s=60)).verdicts()
    assert (verdict.verdict, verdict.detail) == ("unknown", "could not be tried: galera on c1: it was healed too soon")


def test_the_heal_waits_for_every_trial_but_on_a_host_that_is_gone() -> None:
    late = Trial(TRIAL.command, after_s=60)
    wanted = {("galera", "c1"): TRIAL, ("pacemaker", "c1"): late, ("pacemaker", "c2"): late}
    gone, there = Left(name="c1", state="off"), Left(name="c2", says=said(False))
    with Watch(wanted, {"c1": gone, "c2": there}) as watch:
        until = time.monotonic() + 20
        while watch.lacks() != [("pacemaker", "c2")] and time.monotonic() < until:
            time.sleep(0.01)
        assert watch.lacks() == [("pacemaker", "c2")]
    (verdict,) = watch.verdicts()
    assert verdict.detail == "could not be tried: pacemaker on c2: it was healed too soon", "c1 was found off"


def test_nobody_left_behind_is_nothing_to_say() -> None:
    with Watch({}, {}) as watch:
        pass
    assert watch.verdicts() == []


def test_an_error_is_not_held_up_by_a_trial() -> None:
    class Slow(Left):
        def argv(self, command: Sequence[str]) -> list[str]:
            self.asked.append(time.monotonic())
            return [sys.executable, "-c", "import time; time.sleep(8)"]

    host, began = Slow(), time.monotonic()
    with pytest.raises(KeyboardInterrupt), Watch({("galera", "c1"): TRIAL}, {"c1": host}):  # noqa: PT012
        while not host.asked:
            time.sleep(0.01)
        raise KeyboardInterrupt
    assert time.monotonic() - began < 6, "the fault must be healed now"
