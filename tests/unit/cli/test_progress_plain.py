"""Progress off a terminal: one line an event, waits not too often."""

from __future__ import annotations

import io

from fournines.cli.progress import Plain
from fournines.converge.events import Event


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def lines_of(*events: tuple[float, Event]) -> list[str]:
    clock, file = Clock(), io.StringIO()
    plain = Plain(file, clock)
    for at, event in events:
        clock.now = 100.0 + at
        plain(event)
    return file.getvalue().splitlines()


def test_each_kind_has_its_line() -> None:
    assert lines_of(
        (0, Event("start", "galera")),
        (0.5, Event("change", "galera", "+ /etc/mysql/galera.cnf", host="c1")),
        (12.34, Event("wait", "galera", "the member to be synced; last seen: Joining", host="c1", seconds=11)),
        (20, Event("done", "galera", host="c1", seconds=19.54)),
        (21, Event("note", "galera", "a note")),
        (22, Event("fail", "galera", "no end", host="c2", seconds=3)),
    ) == [
        "[   0.0s] galera          begins",
        "[   0.5s] galera     c1   + /etc/mysql/galera.cnf",
        "[  12.3s] galera     c1   waiting for the member to be synced; last seen: Joining (11.0 s)",
        "[  20.0s] galera     c1   done (19.5 s)",
        "[  21.0s] galera          a note",
        "[  22.0s] galera     c2   FAILED: no end (3.0 s)",
    ]


def test_a_wait_is_told_every_five_seconds_for_each_subject() -> None:
    events = [
        (0.5 * tick, Event("wait", "galera", f"{host} at {tick}", host=host))
        for tick in range(21)
        for host in ("c1", "c2")
    ]
    lines = lines_of(*events)
    assert [line for line in lines if " c1 " in line[18:24]] == [
        f"[{at:6.1f}s] galera     c1   waiting for c1 at {2 * at}" for at in (0, 5, 10)
    ]
    assert len(lines) == 6


def test_a_wait_after_something_else_is_told_at_once() -> None:
    lines = lines_of(
        (0, Event("wait", "galera", "one", host="c1")),
        (1, Event("done", "galera", host="c1")),
        (2, Event("wait", "galera", "another", host="c1")),
    )
    assert len(lines) == 3


def test_every_line_of_a_text_is_found_by_grep() -> None:
    lines = lines_of((0, Event("change", "keystone", "a\nb\nc", host="c3")))
    assert [line.split()[2:] for line in lines] == [["keystone", "c3", each] for each in "abc"]
