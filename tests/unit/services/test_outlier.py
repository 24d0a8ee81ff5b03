"""Who loses packets, by what everybody counts; and what such a host does about itself."""

from __future__ import annotations

import json
import random
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fournines.services import catalogue
from fournines.services.onhost import outlier as program
from fournines.services.onhost.outlier_rule import Lost, Told, outlier, recovered

LIMIT = 0.15
Shares = Mapping[str, float | None]


def test_nothing_is_lost_while_every_question_is_answered() -> None:
    lost = Lost(window=25, least=10)
    for _ in range(100):
        lost.answer(lost.ask())
    assert lost.share() == 0


def test_the_share_of_unanswered_questions_before_the_last_answer() -> None:
    lost = Lost(window=20, least=10)
    for number in range(60):
        lost.ask()
        if number % 4:
            lost.answer(number)
    assert lost.share() == pytest.approx(0.25)


def test_an_answer_that_comes_late_was_not_lost() -> None:
    lost = Lost(window=25, least=10)
    numbers = [lost.ask() for _ in range(25)]
    for number in [*numbers[5:], *numbers[:5]]:
        lost.answer(number)
    assert lost.share() == 0


def test_a_peer_that_is_silent_has_lost_nothing() -> None:
    lost = Lost(window=25, least=10)
    for _ in range(30):
        lost.answer(lost.ask())
    for _ in range(200):
        lost.ask()
    assert lost.share() == 0


def test_what_was_before_a_long_silence_does_not_count() -> None:
    lost = Lost(window=25, least=10)
    for _ in range(30):
        lost.answer(lost.ask())
    for _ in range(200):
        lost.ask()
    lost.begin(lost.asked)
    lost.answer(lost.ask())
    assert lost.share() is None
    for _ in range(10):
        lost.answer(lost.ask())
    assert lost.share() == 0


def test_little_is_not_judged() -> None:
    lost = Lost(window=25, least=10)
    for _ in range(9):
        lost.answer(lost.ask())
    assert lost.share() is None
    lost.answer(lost.ask())
    assert lost.share() == 0


def test_answers_that_nobody_asked_for_are_none() -> None:
    lost = Lost(window=5, least=1)
    lost.ask()
    for number in (-1, 1, 10**9):
        lost.answer(number)
    assert lost.share() is None
    lost.answer(0)
    assert lost.share() == 0


def test_an_answer_that_comes_twice_counts_once() -> None:
    lost = Lost(window=25, least=10)
    for number in range(20):
        lost.ask()
        if number % 2:
            lost.answer(number)
            lost.answer(number)
    assert lost.share() == pytest.approx(0.5)


@given(some.integers(0, 2**32), some.floats(0.05, 0.6))
def test_the_share_is_what_the_network_loses(seed: int, share: float) -> None:
    chance, lost = random.Random(seed), Lost(window=2000, least=10)
    for _ in range(2000):
        number = lost.ask()
        if chance.random() >= share:
            lost.answer(number)
    assert lost.share() == pytest.approx(share, abs=0.07)


def said(shares: Shares, out: bool = False) -> Told:
    return Told(shares, out)


def test_one_that_loses_packets_to_all_others_leaves_and_they_stay() -> None:
    sick, well = {"c2": 0.3, "c3": 0.28}, {"c1": 0.3, "c3": 0.0}
    third: Shares = {"c1": 0.31, "c2": 0.0}
    assert outlier(sick, {"c2": said(well), "c3": said(third)}, LIMIT)
    assert not outlier(well, {"c1": said(sick), "c3": said(third)}, LIMIT)
    assert not outlier(third, {"c1": said(sick), "c2": said(well)}, LIMIT)


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        pytest.param({"c2": 0.3, "c3": 0.0}, {"c2": {"c3": 0.0}, "c3": {"c2": 0.0}}, id="one bad link"),
        pytest.param({"c2": 0.3, "c3": 0.3}, {"c2": {"c3": 0.3}, "c3": {"c2": 0.3}}, id="the network is bad"),
        pytest.param({"c2": 0.3, "c3": 0.3}, {"c2": {"c3": 0.1}, "c3": {"c2": 0.1}}, id="the others lose some too"),
        pytest.param({"c2": 0.3, "c3": 0.3}, {"c2": {"c3": None}, "c3": {"c2": None}}, id="the others do not know"),
        pytest.param({"c2": 0.3, "c3": 0.3}, {"c2": {"c3": 0.0}}, id="one of them is silent"),
        pytest.param({"c2": 0.3, "c3": None}, {"c2": {"c3": 0.0}, "c3": {"c2": 0.0}}, id="one link is not known"),
        pytest.param({"c2": 0.1, "c3": 0.1}, {"c2": {"c3": 0.0}, "c3": {"c2": 0.0}}, id="little is lost"),
        pytest.param({}, {}, id="nobody answers"),
    ],
)
def test_it_stays(shares: Shares, told: Mapping[str, Shares]) -> None:
    assert not outlier(shares, {peer: said(each) for peer, each in told.items()}, LIMIT)


def test_nobody_leaves_where_another_one_has() -> None:
    told = {"c2": said({"c1": 0.3, "c3": 0.3}, out=True), "c3": said({"c1": 0.3, "c2": 0.3})}
    assert not outlier({"c2": 0.3, "c3": 0.3}, told, LIMIT)


@given(
    some.lists(some.lists(some.one_of(some.none(), some.floats(0, 1)), min_size=3, max_size=3), min_size=3, max_size=3)
)
def test_of_three_at_most_one_leaves_at_a_time(matrix: list[list[float | None]]) -> None:
    """Whatever they count, where each link's two ends agree, as they do: a question and its answer go both ways."""
    names = ("c1", "c2", "c3")
    every = {
        me: {other: matrix[min(i, j)][max(i, j)] for j, other in enumerate(names) if j != i}
        for i, me in enumerate(names)
    }
    leaving = [
        me for me in names if outlier(every[me], {peer: said(every[peer]) for peer in names if peer != me}, LIMIT)
    ]
    assert len(leaving) <= 1


def test_it_is_well_again_when_next_to_nothing_is_lost() -> None:
    assert recovered({"c2": 0.0, "c3": None}, LIMIT)
    assert not recovered({"c2": 0.0, "c3": 0.05}, LIMIT)
    assert not recovered({"c2": None, "c3": None}, LIMIT)


def peers(free_port: int) -> dict[str, program.Peers]:
    """Three that can ask each other, on this machine."""
    addresses = {f"c{number}": f"127.0.0.{10 + number}" for number in (1, 2, 3)}
    return {
        name: program.Peers(
            {
                "address": address,
                "port": free_port,
                "peers": {other: at for other, at in addresses.items() if other != name},
                "window": 25,
                "least": 10,
            }
        )
        for name, address in addresses.items()
    }


@pytest.fixture
def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def rounds(every: Mapping[str, program.Peers], number: int) -> None:
    for _ in range(number):
        for each in every.values():
            each.ask()
        # Questions, then their answers.
        for _ in range(2):
            for each in every.values():
                each.listen(time.monotonic() + 0.005)


def test_peers_answer_each_other_and_say_what_they_lose(free_port: int) -> None:
    every = peers(free_port)
    rounds(every, 20)
    assert every["c1"].shares() == {"c2": 0.0, "c3": 0.0}
    every["c3"].out = True
    rounds(every, 1)
    assert every["c1"].told() == {
        "c2": Told({"c1": 0.0, "c3": 0.0}, out=False),
        "c3": Told({"c1": 0.0, "c2": 0.0}, out=True),
    }


def test_who_is_silent_is_not_known_and_begins_anew(free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "FRESH", 0.2)
    every = peers(free_port)
    rounds(every, 20)
    silent = every.pop("c3")
    end = time.monotonic() + 0.4
    while time.monotonic() < end:
        rounds(every, 1)
    assert every["c1"].shares() == {"c2": 0.0, "c3": None}
    assert every["c1"].told().keys() == {"c2"}
    silent.listen(time.monotonic() + 0.1)
    rounds(every | {"c3": silent}, 12)
    assert every["c1"].shares() == {"c2": 0.0, "c3": 0.0}, "what was asked meanwhile was not lost"


def test_what_is_no_message_of_a_peer_is_passed_over(free_port: int) -> None:
    every = peers(free_port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.99", 0))
        stranger.sendto(b'{"answer": 0, "shares": {}, "out": true}', ("127.0.0.11", free_port))
    for text in (b"", b"\xff", b"[]", b"1", b"{}", b'{"ask": null}', b'{"answer": 0, "shares": [], "out": 0}'):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.bind(("127.0.0.12", 0))
            peer.sendto(text, ("127.0.0.11", free_port))
    every["c1"].listen(time.monotonic() + 0.1)
    assert every["c1"].told() == {}
    rounds(every, 12)
    assert every["c1"].shares() == {"c2": 0.0, "c3": 0.0}


class Scripted(program.Peers):
    """Peers that count and say what the test wants."""

    def __init__(self, shares: Shares, told: Mapping[str, Told], out: bool = False) -> None:
        self.out, self._said, self._heard_of = out, shares, told

    def shares(self) -> dict[str, float | None]:
        return dict(self._said)

    def told(self) -> dict[str, Told]:
        return dict(self._heard_of)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, ...]]:
    """Commands that were run; all end well."""
    commands: list[tuple[str, ...]] = []

    def run(*argv: str) -> str:
        commands.append(argv)
        return ""

    monkeypatch.setattr(program, "_run", run)
    monkeypatch.setattr(program, "OUT", tmp_path / "out")
    monkeypatch.setattr(program, "FACTS", tmp_path / "facts.json")
    return commands


CONFIG: dict[str, Any] = {
    "limit": LIMIT,
    "calm": 0.0,
    "servers": ["10.0.0.1:5000"],
    "units": ["mariadb.service", "keystone.service"],
    "health": "http://127.0.0.1:1/",
}
SICK = {"c2": 0.3, "c3": 0.3}
WELL: dict[str, float | None] = {"c2": 0.0, "c3": 0.0}
PEERS = {"c2": said({"c1": 0.3, "c3": 0.0}), "c3": said({"c1": 0.3, "c2": 0.0})}


def test_leaving_tells_pacemaker_first_then_closes_then_stops(ran: list[tuple[str, ...]]) -> None:
    peers = Scripted(SICK, PEERS)
    program.Outlier(CONFIG).look(peers)
    assert [command[0] for command in ran] == ["attrd_updater", program.sys.executable, "systemctl"]
    assert ran[0][1:] == ("--name", "unfit", "--update", "loss")
    assert ran[1][-2:] == ("close", "10.0.0.1:5000")
    assert ran[2][1:] == ("stop", "--no-block", "mariadb.service", "keystone.service")
    assert peers.out
    assert program.OUT.exists()
    assert json.loads(program.FACTS.read_text()) == {"out": True, "unfit": "loss", "lost": SICK}


def test_it_leaves_once(ran: list[tuple[str, ...]]) -> None:
    host, peers = program.Outlier(CONFIG), Scripted(SICK, PEERS)
    for _ in range(5):
        host.look(peers)
    assert len(ran) == 3


class Starting:
    def __init__(self, argv: list[str]) -> None:
        self.argv, self.ended, self.killed = argv, False, False

    def poll(self) -> int | None:
        return 0 if self.ended else None

    def kill(self) -> None:
        self.killed = True

    def wait(self) -> int:
        return 0


@pytest.fixture
def starting(monkeypatch: pytest.MonkeyPatch) -> list[Starting]:
    begun: list[Starting] = []

    def popen(argv: list[str]) -> Starting:
        begun.append(Starting(argv))
        return begun[-1]

    monkeypatch.setattr(subprocess, "Popen", popen)
    return begun


def test_it_is_out_until_all_has_started_again(ran: list[tuple[str, ...]], starting: list[Starting]) -> None:
    program.OUT.touch()
    host, peers = program.Outlier(CONFIG), Scripted(WELL, PEERS, out=True)
    host.look(peers)
    assert not starting, "calm has only begun"
    host.look(peers)
    assert starting[0].argv[-2:] == CONFIG["units"]
    host.look(peers)
    assert peers.out
    assert program.OUT.exists()
    starting[0].ended = True
    host.look(peers)
    assert not peers.out
    assert not program.OUT.exists()
    assert len(starting) == 1
    assert ran[-1] == ("attrd_updater", "--name", "unfit", "--delete")


def test_losses_while_it_returns_have_it_leave_again(ran: list[tuple[str, ...]], starting: list[Starting]) -> None:
    program.OUT.touch()
    host, peers = program.Outlier(CONFIG), Scripted(WELL, PEERS, out=True)
    host.look(peers)
    host.look(peers)
    peers._said = SICK  # pyright: ignore[reportPrivateUsage]
    host.look(peers)
    assert starting[0].killed
    assert peers.out
    assert ran[-1][:2] == ("systemctl", "stop")


def test_who_returns_waits_until_it_is_calm(ran: list[tuple[str, ...]], starting: list[Starting]) -> None:
    host, peers = program.Outlier({**CONFIG, "calm": 3600.0}), Scripted(WELL, PEERS, out=True)
    for _ in range(3):
        host.look(peers)
    assert not starting
    assert peers.out


@pytest.mark.usefixtures("ran")
def test_pacemaker_is_told_again_when_it_could_not_be_and_the_journal_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = iter(["attrd_updater: refused", "attrd_updater: refused", ""])
    told: list[tuple[str, ...]] = []

    def run(*argv: str) -> str:
        if argv[0] != "attrd_updater":
            return ""
        told.append(argv)
        return next(answers)

    monkeypatch.setattr(program, "_run", run)
    host, peers = program.Outlier(CONFIG), Scripted(SICK, PEERS)
    for _ in range(4):
        host.look(peers)
    assert len(told) == 3
    assert capsys.readouterr().out.splitlines()[1:] == ["attrd_updater: refused", "unfit: loss"]


def test_a_command_that_fails_says_why() -> None:
    assert program._run("true") == ""  # pyright: ignore[reportPrivateUsage]
    failed = program._run("sh", "-c", "echo no such rule >&2; exit 3")  # pyright: ignore[reportPrivateUsage]
    assert failed.endswith(": no such rule")


def test_every_service_of_controllers_leaves_but_those_that_others_need_to_see_it_go() -> None:
    stays = {name for name, service in catalogue().items() if service.roles == ("control",) and service.leaves == ()}
    assert stays == {"corosync", "haproxy", "haproxy-local", "memcached", "outlier", "pacemaker"}
