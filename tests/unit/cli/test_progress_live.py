"""Progress on a terminal: what is drawn, and that it fits."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from fournines.cli.live import Board
from fournines.converge.events import Event

STAGES = ["corosync", "pacemaker", "haproxy-local", "haproxy", "galera", "rabbitmq", "memcached", "keystone"]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def draw(board: Board, width: int = 80, height: int = 24) -> list[str]:
    console = Console(record=True, width=width, height=height, file=io.StringIO(), force_terminal=True)
    console.print(board)
    return [line.rstrip() for line in console.export_text().splitlines()]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def board(clock: Clock) -> Board:
    return Board("up lab", clock)


def test_a_host_in_each_state(board: Board, clock: Clock) -> None:
    board.observe(Event("start", "galera"))
    board.observe(Event("done", "galera", host="c1", seconds=12.34))
    board.observe(Event("wait", "galera", "the member to be synced; last seen: Joining", host="c2"))
    board.observe(Event("fail", "galera", "exit 1", host="c3"))
    clock.now = 65
    title, header, row, *below = draw(board)
    assert title == "up lab  1:05"
    assert header.split() == ["stage", "c1", "c2", "c3"]
    assert row.split() == ["galera", "works", "65s", "12.3s", "waits", "65s", "FAILED"]
    assert below == [
        "galera c3 FAILED: exit 1",
        "galera c2 waiting for the member to be synced",
        "  last seen: Joining",
    ]


def test_a_wait_counts_from_its_first_event(board: Board, clock: Clock) -> None:
    for clock.now in (10, 11, 30):
        board.observe(Event("wait", "galera", "x", host="c1"))
    assert "waits 20s" in draw(board)[2]


def test_a_stage_that_is_done_waits_for_nobody(board: Board) -> None:
    board.observe(Event("wait", "galera", "c1 to be synced", host="c1"))
    board.observe(Event("done", "galera", seconds=2))
    assert "waiting" not in "\n".join(draw(board))


def test_three_hosts_and_all_stages_fit_a_small_terminal(board: Board, clock: Clock) -> None:
    for stage in ["preflight", "image", "network", "hosts", *STAGES]:
        board.observe(Event("start", stage))
        for host in ("c1", "c2", "c3"):
            board.observe(Event("wait", stage, f"{stage} on {host}; last seen: " + "very " * 40, host=host))
            board.observe(Event("change", stage, "+ a line that\nis two lines and is " + "long " * 40, host=host))
    clock.now = 5000
    lines = draw(board)
    assert len(lines) < 24
    assert max(len(line) for line in lines) <= 80
    assert [line.split()[0] for line in lines[2:14]] == ["preflight", "image", "network", "hosts", *STAGES]
    assert lines[2].split()[3:] == ["waits", "83m"] * 3


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 10), (20, 6), (200, 60)])
@pytest.mark.parametrize("hosts", [1, 3, 40])
def test_it_never_overflows(board: Board, width: int, height: int, hosts: int) -> None:
    for stage in STAGES:
        for number in range(hosts):
            board.observe(Event("wait", stage, "somebody " * 30, host=f"compute{number}"))
    lines = draw(board, width, height)
    assert len(lines) < height or height < 8
    assert max(len(line) for line in lines) <= width


def test_many_hosts_are_counted(board: Board) -> None:
    for number in range(40):
        board.observe(Event("done" if number < 7 else "start", "galera", host=f"compute{number}"))
    assert "7 of 40 done" in draw(board)[2]
