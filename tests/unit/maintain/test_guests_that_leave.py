"""Which guests can leave a host, who goes next, and who could not."""

from __future__ import annotations

import pytest

from fournines.maintain._guests import Guest, following, sort


def guest(name: str, status: str = "ACTIVE", task: str | None = None, power: int = 1) -> Guest:
    return Guest(name, name, status, task, power)


@pytest.mark.parametrize(
    ("status", "task", "power", "sorted_as"),
    [
        ("ACTIVE", None, 1, "movable"),
        ("PAUSED", None, 3, "movable"),
        ("MIGRATING", "migrating", 1, "moving"),
        ("SHUTOFF", None, 4, "cold"),
        ("SUSPENDED", None, 4, "cold"),
        ("ERROR", None, 0, "cold"),
        ("ERROR", None, 1, "stuck"),
        ("RESCUE", None, 1, "stuck"),
        ("VERIFY_RESIZE", None, 1, "stuck"),
        ("BUILD", "spawning", 0, "stuck"),
        ("BUILD", None, 0, "stuck"),
        ("ACTIVE", "powering-off", 1, "stuck"),
        ("SHUTOFF", "powering-on", 4, "stuck"),
    ],
)
def test_what_becomes_of_a_guest(status: str, task: str | None, power: int, sorted_as: str) -> None:
    one = guest("a", status, task, power)
    found = sort([one])
    assert {name: getattr(found, name) for name in ("moving", "movable", "cold", "stuck") if getattr(found, name)} == {
        sorted_as: (one,)
    }


def test_a_few_at_a_time() -> None:
    here = sort([guest(name) for name in "abc"])
    assert [each.name for each in following(here, [], 2).start] == ["a", "b"]
    now = sort([guest("a", "MIGRATING"), guest("b"), guest("c")])
    assert [each.name for each in following(now, ["a"], 2).start] == ["b"]
    full = sort([guest("a", "MIGRATING"), guest("b", "MIGRATING"), guest("c")])
    assert following(full, ["a", "b"], 2).start == ()


def test_who_is_here_again_could_not_leave_and_nobody_is_sent_after() -> None:
    step = following(sort([guest("a"), guest("b", "ERROR"), guest("c")]), ["a", "b"], 2)
    assert [each.name for each in step.failed] == ["a", "b"]
    assert step.start == ()


def test_one_that_an_earlier_run_sent_is_waited_for() -> None:
    step = following(sort([guest("a", "MIGRATING")]), [], 2)
    assert (step.start, step.failed) == ((), ())
