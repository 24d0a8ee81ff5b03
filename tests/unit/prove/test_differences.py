"""Copies that are written to while they are read: what is on its way is no difference, and what is lost always is."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from fournines.prove.differences import Comparison, Difference, Held, compare, differences

Rows = Mapping[int, int]
"""Key -> content."""


def held(rows: Rows, cells: int = 4) -> Held:
    """As a copy says it: rows fall into cells by their key."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for key, content in rows.items():
        cell = ("t", str(key % cells))
        count, total = found.get(cell, (0, 0))
        # Any number that follows from the row.
        found[cell] = (count + 1, total ^ hash((key, content, "salt")) & 0xFFFFFFFF)
    return found


def test_one_reading() -> None:
    same = held({1: 1, 2: 2})
    assert differences({"a": same, "b": same}) == {}
    more = differences({"a": same, "b": held({1: 1, 2: 2, 5: 5}), "c": same})
    assert {pair: each.rows for pair, each in more.items()} == {("b", ("t", "1")): 1}
    fewer = differences({"a": same, "b": held({1: 1})})
    assert {pair: each.rows for pair, each in fewer.items()} == {("b", ("t", "2")): -1}
    other = differences({"a": same, "b": held({1: 1, 2: 3})})
    assert {each.rows for each in other.values()} == {0}
    assert all(each.contents for each in other.values())


def test_what_differs_once_is_not_yet_known() -> None:
    apart = {"a": held({1: 1}), "b": held({1: 2})}
    first = compare(apart)
    assert first.open
    assert not first.proven
    assert not compare(apart, first).proven
    assert compare(apart, compare(apart, first)).proven
    alike = {"a": held({1: 1}), "b": held({1: 1})}
    assert compare(alike, first) == Comparison({}, {})
    moved = {"a": held({1: 2}), "b": held({1: 3})}
    assert compare(moved, first).open
    assert not compare(moved, first).proven


def test_a_row_that_comes_late_to_one_copy_and_goes_late_from_the_other_is_no_difference() -> None:
    """Two readings that look alike, of copies that are never wrong."""
    first = compare({"a": held({1: 1}), "b": held({})})
    second = compare({"a": held({}), "b": held({})}, compare({"a": held({1: 1}), "b": held({})}, first))
    assert second == Comparison({}, {})


def test_a_difference_that_becomes_another_begins_anew() -> None:
    apart, other = {"a": held({1: 1}), "b": held({1: 2})}, {"a": held({1: 1}), "b": held({1: 3})}
    found = None
    for each in (apart, apart, other, other, apart, apart):
        found = compare(each, found)
        assert not found.proven
    assert compare(apart, found).proven


def test_what_was_once_the_same_is_not_looked_at_again() -> None:
    apart, alike = {"a": held({1: 1}), "b": held({1: 2})}, {"a": held({1: 1}), "b": held({1: 1})}
    assert compare(apart, compare(alike)) == Comparison({}, {})


writes = st.lists(st.tuples(st.integers(0, 15), st.one_of(st.none(), st.integers(0, 10**9))), max_size=30)
"""(key, content; None: deleted), one after the other."""


def after(done: list[tuple[int, int | None]], upto: int) -> dict[int, int]:
    """What is there after so many of them."""
    rows: dict[int, int] = {}
    for number, (key, content) in enumerate(done[:upto]):
        # The same content again is another version, as a row's time of change is.
        rows.pop(key, None)
        if content is not None:
            rows[key] = content * 100 + number
    return rows


@given(writes, st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=2, max_size=6), st.integers(1, 20))
def test_copies_that_are_never_behind_what_others_showed_are_never_said_to_differ(
    done: list[tuple[int, int | None]], readings: list[tuple[int, int]], cells: int
) -> None:
    """One order of writes; in each reading every copy shows at least what any showed in the reading before."""
    least, found = 0, None
    for one, other in readings:
        shown = [max(least, each) for each in (one, other)]
        least = max(shown)
        found = compare({name: held(after(done, upto), cells) for name, upto in zip("ab", shown, strict=True)}, found)
        # Two writes may cancel each other where sums collide, which 32 bits of these few rows do not.
        assert not found.proven


@given(st.dictionaries(st.integers(0, 15), st.integers(), max_size=10), st.integers(0, 15), writes, st.integers(1, 20))
def test_a_row_that_one_copy_lacks_is_never_taken_for_the_same(
    rows: dict[int, int], lost: int, done: list[tuple[int, int | None]], cells: int
) -> None:
    """Whatever is written to other rows meanwhile, at the same time everywhere."""
    others = [(key, content) for key, content in done if key != lost]
    found = None
    for upto in range(0, max(len(others) + 2, 11), 5):
        now = {key: value for key, value in {**rows, **after(others, upto)}.items() if key != lost}
        found = compare({"a": held({**now, lost: 1}, cells), "b": held(now, cells)}, found)
        assert ("b", ("t", str(lost % cells))) in found.open
        if upto >= 10:
            assert found.proven[("b", ("t", str(lost % cells)))].rows == -1
    assert found is not None
    assert isinstance(next(iter(found.open.values())), Difference)
