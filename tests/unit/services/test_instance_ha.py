"""The rule by which guests of a lost host are moved (`decide`), and what a compute host says of itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.services import compute_agent as service
from fournines.services.onhost import compute_agent, instance_ha
from fournines.services.onhost.instance_ha_rule import Compute, decide

WELL = [Compute(name, answers=True) for name in ("g1", "g2", "g3", "g4")]
SILENT = Compute("g1", answers=False)
OFF = replace(SILENT, fenced=True)
FENCED = replace(OFF, barred=True, waiting=("a", "b"))
BACK = Compute("g1", answers=True, admitted=False, barred=True)


def verbs(first: Compute, others: list[Compute] = WELL[1:], most: int = 2) -> dict[str, str]:
    return {action.host: action.verb for action in decide([first, *others], most)}


def test_nothing_is_done_about_hosts_that_are_well():
    assert decide(WELL, 2) == []


class TestASilentHost:
    def test_it_is_fenced_first(self):
        assert verbs(SILENT) == {"g1": "fence"}

    def test_then_it_is_refused_and_that_alone_is_tried_again(self):
        assert verbs(OFF) == {"g1": "bar"}

    def test_while_it_is_being_fenced_nothing_is_done(self):
        assert verbs(replace(SILENT, fencing=True)) == {}

    def test_somebody_elses_word_that_it_is_down_moves_nobody(self):
        assert verbs(replace(SILENT, barred=True, waiting=("a",))) == {"g1": "fence"}

    def test_its_guests_are_moved_when_it_is_off_and_refused(self):
        assert verbs(FENCED) == {"g1": "move"}

    def test_those_that_are_being_moved_are_not_moved_twice(self):
        assert verbs(replace(FENCED, waiting=(), moving=("a", "b"))) == {}

    def test_in_maintenance_it_is_silent_for_a_reason(self):
        assert verbs(replace(SILENT, maintained=True)) == {}

    def test_one_of_two_may_be_fenced(self):
        assert verbs(SILENT, WELL[1:2]) == {"g1": "fence"}

    def test_the_only_one_is_not(self):
        assert verbs(SILENT, []) == {"g1": "wait"}

    def test_more_than_half_of_them_are_not(self):
        others = [replace(each, answers=False) for each in WELL[1:3]]
        assert verbs(SILENT, [*others, WELL[3]], most=9) == {"g1": "wait", "g2": "wait", "g3": "wait"}

    def test_those_that_are_about_to_be_count(self):
        others = [replace(each, doubtful=True) for each in WELL[1:3]]
        assert verbs(SILENT, [*others, WELL[3]], most=9) == {"g1": "wait"}

    def test_those_that_are_being_fenced_count(self):
        """Else a network that goes host by host would take them all, one after the other."""
        others = [replace(each, answers=False, fencing=True) for each in WELL[1:3]]
        assert verbs(SILENT, [*others, WELL[3]], most=9) == {"g1": "wait"}

    def test_nor_are_guests_moved_then(self):
        others = [replace(each, answers=False) for each in WELL[1:3]]
        assert verbs(FENCED, [*others, WELL[3]], most=9)["g1"] == "wait"

    def test_one_that_was_emptied_long_ago_does_not_count(self):
        emptied = replace(FENCED, waiting=())
        assert verbs(emptied, [replace(WELL[1], answers=False), *WELL[2:3]]) == {"g2": "fence"}

    def test_others_wait_for_their_turn(self):
        others = [replace(WELL[1], answers=False), *WELL[2:]]
        assert verbs(SILENT, others, most=1) == {"g1": "fence", "g2": "wait"}
        assert verbs(FENCED, others, most=1) == {"g1": "move", "g2": "wait"}


class TestAHostThatIsBack:
    def test_it_is_admitted_when_nobody_is_being_moved(self):
        assert verbs(BACK) == {"g1": "admit"}

    def test_it_gets_back_those_that_nobody_could_move(self):
        assert verbs(replace(BACK, waiting=("a",))) == {"g1": "admit"}

    def test_it_waits_while_one_of_its_own_is_being_moved(self):
        assert verbs(replace(BACK, moving=("a",))) == {"g1": "wait"}

    def test_one_that_was_never_off_is_fenced_again(self):
        assert verbs(replace(BACK, admitted=True, strays=("a",))) == {"g1": "fence"}

    def test_a_first_boot_is_admitted_also_in_maintenance_and_while_others_are_silent(self):
        first = replace(BACK, barred=False)
        assert verbs(first) == {"g1": "admit"}
        assert verbs(replace(first, maintained=True)) == {"g1": "admit"}
        others = [replace(each, answers=False) for each in WELL[1:]]
        assert verbs(first, others)["g1"] == "admit"


some = st.sampled_from([(), ("a",), ("a", "b")])
computes = st.lists(
    st.builds(
        Compute,
        name=st.just(""),
        answers=st.booleans(),
        doubtful=st.booleans(),
        admitted=st.booleans(),
        fencing=st.booleans(),
        fenced=st.booleans(),
        barred=st.booleans(),
        maintained=st.booleans(),
        waiting=some,
        moving=some,
        strays=some,
    ),
    max_size=6,
).map(lambda found: [replace(each, name=f"g{number}") for number, each in enumerate(found)])


@given(computes, st.integers(1, 3))
def test_no_state_of_the_hosts_makes_it_unsafe(found: list[Compute], most: int):
    hosts = {each.name: each for each in found}
    actions = decide(found, most)
    assert len({action.host for action in actions}) == len(actions)
    counted = [
        each
        for each in found
        if not each.maintained and (each.answers or not each.fenced or not each.barred or each.waiting or each.moving)
    ]
    silent = sum(1 for each in counted if not each.answers or each.doubtful)
    for action in actions:
        host = hosts[action.host]
        assert not host.fencing
        if action.verb == "move":
            assert host.fenced
            assert host.barred
            assert host.waiting
            assert not host.answers
        if action.verb == "bar":
            assert host.fenced
            assert not host.answers
        if action.verb == "fence":
            assert host.strays if host.answers else not host.maintained and 2 * silent <= len(counted)
        if action.verb == "admit":
            assert host.answers
            assert not host.strays
            assert not host.moving
    fresh = [each for each in actions if each.verb == "fence" and not hosts[each.host].answers]
    under_way = [each for each in counted if each.fencing or each.fenced]
    assert len(fresh) <= max(0, most - len(under_way))


class TestTheAgent:
    def test_guests_are_told_by_their_processes(self):
        lines = [
            ["/usr/bin/qemu-system-x86_64", "-name", "guest=instance-00000001", "-uuid", "b"],
            ["qemu-system-x86_64", "-uuid", "a", "-S"],
            ["grep", "-uuid", "c"],
            ["qemu-img", "-uuid"],
            [],
        ]
        assert compute_agent.guests(lines) == ["a", "b"]

    def test_a_guest_with_two_processes_is_told_twice(self):
        assert compute_agent.guests([["qemu-system-x86_64", "-uuid", "a"]] * 2) == ["a", "a"]

    def test_a_proof_is_for_one_boot_and_one_cluster(self):
        found = compute_agent.proof("secret", "boot 1", ["a"])
        assert found != compute_agent.proof("secret", "boot 2", ["a"])
        assert found != compute_agent.proof("other", "boot 1", ["a"])
        assert found != compute_agent.proof("secret", "boot 1", [])

    def test_two_programs_that_share_no_file_agree(self):
        assert instance_ha.PORT == compute_agent.PORT == service.PORT
        assert instance_ha.proof("secret", "boot", ["a", "b"]) == compute_agent.proof("secret", "boot", ["a", "b"])

    def test_only_what_is_left_of_guests_that_are_elsewhere_is_removed(self, tmp_path: Path):
        gone, here, with_disk = (f"0000000{number}-0000-0000-0000-000000000000" for number in range(3))
        for name in (gone, here, with_disk, "locks"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "console.log").touch()
        (tmp_path / with_disk / "disk").touch()
        assert compute_agent.sweep(tmp_path, [here]) == [gone]
        assert sorted(each.name for each in tmp_path.iterdir()) == sorted([here, with_disk, "locks"])

    def test_a_boot_is_admitted_that_is_written_down(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        file = tmp_path / "admitted"
        monkeypatch.setattr(compute_agent, "ADMITTED", file)
        assert not compute_agent.admitted("boot 1")
        file.write_text("boot 1")
        assert compute_agent.admitted("boot 1")
        assert not compute_agent.admitted("boot 2")
