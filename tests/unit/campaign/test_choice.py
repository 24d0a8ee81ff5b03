from __future__ import annotations

from collections import Counter
from itertools import islice

from campaigns import KINDS
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.campaign.choice import SPEEDS, Choice, holds, longest_delay
from fournines.campaign.kinds import Kind
from fournines.cloud.timers import LAB, METAL
from fournines.faults.host_isolate import HEALED_AFTER_S

NAMES = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=6, unique=True).map(tuple)


@st.composite
def some_kinds(draw: st.DrawFn) -> list[Kind]:
    faults = draw(NAMES)
    pools = [draw(NAMES) for _ in faults]
    counts = [draw(st.integers(1, len(pool))) for pool in pools]
    words = [draw(NAMES) if number == 1 else () for number in counts]
    return [Kind(*each) for each in zip(faults, words, pools, counts, strict=True)]


choices = st.builds(Choice, st.integers(0, 2**40), some_kinds(), st.sampled_from([LAB, METAL]))


@settings(max_examples=40)
@given(choices, st.integers(0, 80))
def test_a_number_is_the_same_drill_wherever_one_goes_on(choice: Choice, done: int) -> None:
    whole = list(islice(choice.after(0), done + 5))
    assert [planned.number for planned in whole] == list(range(1, done + 6))
    assert list(islice(choice.after(done), 5)) == whole[done:]
    again = Choice(choice.seed, [Kind.parse(kind.as_json()) for kind in choice.kinds], choice.timers)
    assert list(islice(again.after(0), done + 5)) == whole, "also from what campaign.json says"


@settings(max_examples=50)
@given(choices, st.integers(0, 40))
def test_every_round_has_each_kind_once(choice: Choice, lap: int) -> None:
    size = len(choice.kinds)
    here = islice(choice.after(lap * size), size)
    assert sorted(planned.fault for planned in here) == sorted(kind.fault for kind in choice.kinds)


@settings(max_examples=50)
@given(choices, st.integers(1, 10_000))
def test_what_is_drawn_is_possible(choice: Choice, number: int) -> None:
    planned = choice.planned(number)
    (kind,) = [kind for kind in choice.kinds if kind.fault == planned.fault]
    if kind.count == 1:
        assert planned.target in (*kind.words, *kind.pool)
    else:
        names = planned.target.split(",")
        assert len(set(names)) == len(names) == kind.count
        assert names == [name for name in kind.pool if name in names], "in the spec's order"
    assert planned.speed in SPEEDS
    assert 0 <= planned.delay_s <= longest_delay(choice.timers)
    least, most = holds(choice.timers)
    assert least <= planned.hold_s <= most
    windows = planned.windows
    assert windows.served + windows.steady < HEALED_AFTER_S, "no drill holds a fault longer than the host itself"
    assert round(windows.served - windows.steady, 6) >= 80, "a longer hold leaves as long to be served again"


def test_seeds_and_what_they_draw_differ() -> None:
    def first(seed: int) -> list[object]:
        return list(islice(Choice(seed, KINDS, LAB).after(0), 400))

    assert first(7) != first(8)
    drills = list(islice(Choice(7, KINDS, LAB).after(0), 400))
    assert {planned.target for planned in drills if planned.fault == "power-loss"} == {
        "vip",
        "writer",
        "c1",
        "c2",
        "c3",
    }
    pairs = {planned.target for planned in drills if planned.fault == "two-storage-hosts"}
    assert pairs == {"s1,s2", "s1,s3", "s2,s3"}
    assert min(Counter(planned.speed for planned in drills).values()) > 100
    orders = {tuple(planned.fault for planned in drills[start : start + 4]) for start in range(0, 400, 4)}
    assert len(orders) == 24, "every order of four"
    assert min(planned.delay_s for planned in drills) < 0.5
    assert max(planned.delay_s for planned in drills) > longest_delay(LAB) - 0.5


def test_it_is_the_same_on_every_machine() -> None:
    """Evidence names a seed: what it drew must never change."""
    drills = islice(Choice(7, KINDS, LAB).after(0), 3)
    said = [(each.fault, each.target, each.speed, each.delay_s, each.hold_s) for each in drills]
    assert said == [
        ("power-loss", "c2", 0.75, 1.5, 32.9),
        ("null", "none", 0.25, 1.6, 32.2),
        ("two-storage-hosts", "s2,s3", 0.25, 2.9, 23.0),
    ]


def test_some_drills_have_a_second_fault_and_the_others_stay_as_they_were() -> None:
    kinds = [Kind("osd-kill", (), ("s1", "s2", "s3")), Kind("power-loss", ("vip",), ("c1",)), Kind("null", ("none",))]
    single = list(islice(Choice(7, kinds, LAB).after(0), 300))
    double = list(islice(Choice(7, kinds, LAB, double=True).after(0), 300))
    pairs = [planned for planned in double if "+" in planned.fault]
    assert 20 < len(pairs) < 100, "not every two can be done together"
    assert {planned.fault for planned in pairs} >= {"osd-kill+osd-kill", "osd-kill+power-loss"}
    assert all(two == one for one, two in zip(single, double, strict=True) if "+" not in two.fault)
    assert all(planned.target.count("+") == 1 for planned in pairs)
