"""The rule by which Galera members start and found their cluster, and by which they are brought back into it."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.services.onhost.galera_rule import NO_HISTORY, Decision, State, cure, decide, stranded

ORDER = ["c1", "c2", "c3"]
UUID = "2b09332e-e551-11f1-9e3b-6a39f5383d1a"
OTHER = "99999999-e551-11f1-9e3b-6a39f5383d1a"


def waiting(name: str, seqno: int | None, uuid: str = UUID) -> State:
    return State(name, "waiting", uuid, seqno)


def running(name: str, seqno: int, status: str = "Primary") -> State:
    return State(name, "running", UUID, seqno, status, "Synced", status == "Primary")


def decisions(states: dict[str, State | None]) -> dict[str, str]:
    return {name: decide(name, ORDER, states).verb for name in ORDER if states[name] is not None}


def fresh() -> dict[str, State | None]:
    return {name: State(name, "waiting", NO_HISTORY, -1) for name in ORDER}


class TestFirstStart:
    def test_the_first_in_order_founds_when_nobody_has_a_history(self):
        assert decisions(fresh()) == {"c1": "found", "c2": "wait", "c3": "wait"}

    def test_nobody_founds_while_one_cannot_be_asked(self):
        assert decisions({**fresh(), "c3": None}) == {"c1": "wait", "c2": "wait"}

    def test_the_reason_names_who_is_awaited(self):
        assert "c3" in decide("c1", ORDER, {**fresh(), "c3": None}).why

    def test_the_others_wait_while_the_founder_starts(self):
        states = fresh()
        states["c1"] = State("c1", "starting", NO_HISTORY, -1)
        assert decisions({**states})["c2"] == "wait"
        assert "c1 is starting" in decide("c2", ORDER, states).why

    def test_the_others_join_once_it_is_primary(self):
        states = {**fresh(), "c1": running("c1", 1)}
        assert decisions(states)["c2"] == decisions(states)["c3"] == "join"


class TestBlackout:
    @pytest.mark.parametrize("best", ORDER)
    def test_the_highest_position_founds(self, best: str):
        states: dict[str, State | None] = {name: waiting(name, 41) for name in ORDER}
        states[best] = waiting(best, 42)
        assert decisions(states) == {name: "found" if name == best else "wait" for name in ORDER}

    def test_between_equals_the_first_in_order(self):
        assert decisions({name: waiting(name, 7) for name in ORDER}) == {"c1": "found", "c2": "wait", "c3": "wait"}

    def test_a_member_still_recovering_its_position_is_awaited(self):
        states: dict[str, State | None] = {name: waiting(name, 7) for name in ORDER}
        states["c3"] = State("c3", "down")
        assert set(decisions(states).values()) == {"wait"}
        assert "c3 does not know its position" in decide("c1", ORDER, states).why

    def test_any_history_ranks_above_none(self):
        states: dict[str, State | None] = {
            "c1": State("c1", "waiting", NO_HISTORY, -1),
            "c2": waiting("c2", 0),
            "c3": State("c3", "waiting", NO_HISTORY, -1),
        }
        assert decisions(states) == {"c1": "wait", "c2": "found", "c3": "wait"}

    def test_two_histories_are_left_to_a_human(self):
        states: dict[str, State | None] = {name: waiting(name, 7) for name in ORDER}
        states["c2"] = waiting("c2", 9, OTHER)
        assert set(decisions(states).values()) == {"wait"}
        assert OTHER in decide("c1", ORDER, states).why


class TestMajorityLost:
    def test_a_running_orphan_with_the_highest_position_founds_in_place(self):
        states: dict[str, State | None] = {
            "c1": waiting("c1", 90),
            "c2": waiting("c2", 90),
            "c3": running("c3", 91, "non-Primary"),
        }
        assert decisions(states) == {"c1": "wait", "c2": "wait", "c3": "found"}

    def test_an_orphan_that_sees_nobody_waits(self):
        assert decide("c3", ORDER, {"c1": None, "c2": None, "c3": running("c3", 9, "non-Primary")}).verb == "wait"

    def test_a_live_primary_always_wins_over_unreachable_members(self):
        states: dict[str, State | None] = {"c1": waiting("c1", 3), "c2": None, "c3": running("c3", 1)}
        assert decide("c1", ORDER, states).verb == "join"


VIEW = "3 f408eaf7-e673-11f1-96de-b7100c692fb5 6"
LATER = "3 f55e0a67-e673-11f1-afc4-26873663aab7 9"


def orphan(name: str, seqno: int, view: str = VIEW, size: int = 2) -> State:
    return replace(running(name, seqno, "non-Primary"), view=view, size=size)


class TestSplitIntoPieces:
    """Seen on a lab that stood still for four seconds: each was alone, two found each other, the third was fenced.
    Galera by itself waits for all three."""

    def test_more_than_half_of_all_that_were_in_the_last_component_go_on_without_the_rest(self):
        states: dict[str, State | None] = {"c1": None, "c2": orphan("c2", 7), "c3": orphan("c3", 8)}
        assert decisions(states) == {"c2": "wait", "c3": "found"}
        found = decide("c3", ORDER, states)
        assert "c2, c3" in found.why
        assert "without c1" in found.why
        assert found.needs == 2

    @pytest.mark.parametrize(
        "c3",
        [
            # It was in a later one, perhaps with who is silent now.
            orphan("c3", 7, view=LATER),
            # They cannot hear each other now: each could found one.
            orphan("c3", 7, size=1),
            # It was started anew, and waits.
            waiting("c3", 7),
            # It does not know.
            orphan("c3", 7, view=""),
            # It has more than the other, and was not with it.
            waiting("c3", 9),
            orphan("c3", 9, view=LATER),
        ],
    )
    def test_whoever_may_have_missed_something_waits_for_the_silent(self, c3: State):
        assert decisions({"c1": None, "c2": orphan("c2", 7), "c3": c3}) == {"c2": "wait", "c3": "wait"}

    def test_one_of_their_component_that_did_not_answer_may_be_anywhere(self):
        states: dict[str, State | None] = {"c1": None, "c2": orphan("c2", 7, size=3), "c3": orphan("c3", 7, size=3)}
        assert set(decisions(states).values()) == {"wait"}

    def test_half_is_not_enough(self):
        order = ["c1", "c2", "c3", "c4"]
        states: dict[str, State | None] = {"c1": None, "c2": None, "c3": orphan("c3", 7), "c4": orphan("c4", 7)}
        assert decide("c3", order, states).verb == "wait"

    def test_with_everybody_there_nothing_more_must_be_proven(self):
        states: dict[str, State | None] = {name: orphan(name, 7, size=3) for name in ORDER}
        assert decisions(states) == {"c1": "found", "c2": "wait", "c3": "wait"}
        assert decide("c1", ORDER, states).needs == 0


class TestCure:
    def test_who_has_left_the_group_for_good_is_started_again(self):
        """Seen after a blackout: what it missed was not handed over whole, and it ran on alone for ever."""
        left = running("c3", 3, "Disconnected")
        for verb in ("join", "wait", "found"):
            cured = cure(left, Decision(verb, ""))
            assert cured
            assert cured[0][-1] == "SHUTDOWN"

    def test_an_orphan_founds_or_waits(self):
        alone = running("c3", 9, "non-Primary")
        founds = cure(alone, Decision("found", "highest"))
        assert founds
        assert "pc_bootstrap" in founds[0][0]
        assert cure(alone, Decision("wait", "")) is None
        assert cure(alone, Decision("join", "")) is None


@st.composite
def members(draw: st.DrawFn, name: str) -> State | None:
    """Any state that a member can be in."""
    seqno = draw(st.integers(0, 5))
    uuid = draw(st.sampled_from([UUID, UUID, OTHER]))
    status = draw(st.sampled_from(["Primary", "non-Primary"]))
    view, size = draw(st.sampled_from(["", VIEW, VIEW, LATER])), draw(st.integers(1, 3))
    every: list[State | None] = [
        None,
        State(name, "down"),
        State(name, "waiting", NO_HISTORY, -1),
        waiting(name, seqno, uuid),
        State(name, "starting", UUID, seqno),
        running(name, seqno, status),
        orphan(name, seqno, view, size),
        orphan(name, seqno, VIEW, 2),
    ]
    return draw(st.sampled_from(every))


@given(st.fixed_dictionaries({name: members(name) for name in ORDER}))
def test_invariants(states: dict[str, State | None]):
    found = decisions(states)
    founders = [name for name, verb in found.items() if verb == "found"]
    assert len(founders) <= 1, "two members would found two clusters"
    primary = [s for s in states.values() if s and s.status == "Primary"]
    if primary:
        assert set(found.values()) <= {"join"}
    else:
        assert "join" not in found.values(), "there is nothing to join"
    if founders:
        known = [state for state in states.values() if state is not None]
        mine = states[founders[0]]
        assert mine is not None
        if len(known) < len(ORDER):
            with_it = [s for s in known if s.phase == "running" and (s.view, s.size) == (mine.view, mine.size)]
            assert 2 * len(with_it) > len(ORDER), "an unreachable member is not an absent one"
            assert len(with_it) == mine.size
            assert mine.view
        assert mine.seqno is not None
        assert all(s.seqno is not None and s.seqno <= mine.seqno for s in known), "acknowledged rows would be lost"


@given(st.fixed_dictionaries({name: members(name) for name in ORDER}))
def test_a_stale_view_of_the_others_never_makes_a_second_founder(states: dict[str, State | None]):
    """The founder moves on to `starting` and then `running`; whoever looks later, with the others as they were, waits
    or joins."""
    founders = [name for name, verb in decisions(states).items() if verb == "found"]
    for founder, other in itertools.product(founders, ORDER):
        mine = states[founder]
        if other == founder or mine is None or states[other] is None:
            continue
        for later in (replace(mine, phase="starting", status=None), running(founder, mine.seqno or 0)):
            assert decide(other, ORDER, {**states, founder: later}).verb != "found"


class TestJoinersWithoutAGroup:
    """c1 founded, c2 and c3 were joining, c1 fell out before either was taken in: all three waited for ever."""

    JOINING = State("c2", "starting", UUID, 41)

    def test_all_wait_for_a_member_that_joins(self):
        states: dict[str, State | None] = {"c1": waiting("c1", 42), "c2": self.JOINING, "c3": waiting("c3", 41)}
        assert decide("c1", ORDER, states) == Decision("wait", "c2 is starting")

    @pytest.mark.parametrize("other", [waiting("c1", 42), None, running("c1", 42, "non-Primary"), State("c1", "down")])
    def test_it_is_stranded_when_nobody_is_primary(self, other: State | None):
        assert stranded("c2", {"c1": other, "c2": self.JOINING, "c3": replace(self.JOINING, name="c3")})

    @pytest.mark.parametrize("other", [running("c1", 42), State("c1", "starting", UUID, 42, founds=True)])
    def test_it_is_not_when_there_is_somebody_to_join_or_about_to_be(self, other: State):
        assert not stranded("c2", {"c1": other, "c2": self.JOINING, "c3": None})

    @pytest.mark.parametrize(
        "mine", [waiting("c2", 41), running("c2", 41), running("c2", 41, "non-Primary"), State("c2", "down"), None]
    )
    def test_who_does_not_join_is_not_stranded(self, mine: State | None):
        assert not stranded("c2", {"c1": None, "c2": mine, "c3": None})

    def test_a_founder_is_not(self):
        assert not stranded("c2", {"c1": None, "c2": replace(self.JOINING, founds=True), "c3": None})

    def test_once_they_have_ended_one_founds(self):
        states: dict[str, State | None] = {name: waiting(name, 41) for name in ORDER}
        assert decisions({**states, "c1": waiting("c1", 42)}) == {"c1": "found", "c2": "wait", "c3": "wait"}
