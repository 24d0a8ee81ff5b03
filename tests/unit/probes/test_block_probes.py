"""Block probes with the real program in a process of its own, as on a host; only librbd is a stand-in."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from little_ceph import ClientHost, LittleCeph
from little_cloud import LittleCloud

from fournines.errors import DrillError, HostError
from fournines.probes import HostProbe, catalogue
from fournines.probes._blocks import DEPTH, LANES
from fournines.probes.onhost import COMMAND, sent
from fournines.probes.onhost.blocks import BLOCK, NEVER, block, missing, number, place
from fournines.prove import blocks
from fournines.prove import samples as sampled
from fournines.prove.fleet import ProbeFleet
from fournines.prove.outages import held, outages
from fournines.prove.prober import Beat, Plan
from fournines.prove.remote import Books, Errand
from fournines.prove.samples import Noise, Sample

RUN = bytes(range(16))


@pytest.fixture
def ceph(tmp_path: Path) -> LittleCeph:
    return LittleCeph(tmp_path / "ceph")


def test_a_block_is_known_in_full() -> None:
    whole = block(RUN, 7, 3)
    assert len(whole) == BLOCK
    assert number(whole, RUN, 3) == 7
    assert number(whole, RUN, 4) is None, "of another slot"
    assert number(whole, bytes(16), 3) is None, "of another run"
    assert number(whole[:2048] + block(RUN, 8, 3)[2048:], RUN, 3) is None, "half of it is another one"
    assert number(whole[:-1] + b"?", RUN, 3) is None
    assert number(bytes(BLOCK), RUN, 3) == NEVER


def test_what_the_books_allow() -> None:
    def why(found: int | None, acked: int, issued: int) -> str:
        return missing(bytes(BLOCK) if found is None else block(RUN, found, 3), RUN, 3, acked, issued)

    assert why(7, 7, 7) == why(8, 7, 9) == why(9, 7, 9) == ""
    assert why(None, NEVER, 9) == "", "of unknown outcome: neither lost nor kept"
    assert why(6, 7, 9) == "slot 3: holds 6, acknowledged was 7, issued 9"
    assert why(10, 7, 9)
    assert "holds nothing" in why(None, 0, 9)
    assert "torn" in missing(b"?" * BLOCK, RUN, 3, 7, 9)


def test_slots_do_not_overlap_and_each_lane_is_an_object() -> None:
    places = [place(slot, DEPTH) for slot in range(LANES * DEPTH)]
    assert len(set(places)) == len(places)
    assert all(here % BLOCK == 0 for here in places)
    assert [here // (4 << 20) for here in places] == [slot // DEPTH for slot in range(LANES * DEPTH)]


def errand(host: ClientHost, name: str = "block-write", deadline: float = 0.6) -> Errand:
    probe = catalogue()[name]
    assert isinstance(probe, HostProbe)
    return Errand(probe=probe, beat=Beat(probe=name, interval_s=0.05, deadline_s=deadline), host=host)


def probed(
    keystone: LittleCloud, folder: Path, do: Callable[[ProbeFleet], None], *errands: Errand
) -> tuple[list[Sample], Noise, tuple[Books, ...]]:
    beat = Beat(probe="token", interval_s=0.5, deadline_s=5)
    plan = Plan(api=keystone.api(), beats=(beat,), samples=folder / "samples.jsonl")
    with ProbeFleet(plan, errands) as fleet:
        do(fleet)
        noise = fleet.stop()
    found = sampled.read(plan.samples)
    for each in errands:
        mine = [one for one in found if one.probe == each.probe.name]
        assert [one.seq for one in mine] == list(range(len(mine)))
        for one in mine:
            assert one.intended - fleet.t0 == pytest.approx(mine[0].intended - fleet.t0 + one.seq * 0.05, abs=1e-4)
            assert one.start >= one.intended - 1e-3
    return found, noise, fleet.books


def until(fleet: ProbeFleet, enough: Callable[[list[Sample]], bool]) -> list[Sample]:
    seen: list[Sample] = []
    end = time.monotonic() + 30
    while not enough(seen):
        assert time.monotonic() < end, f"{len(seen)} samples"
        seen += fleet.new_samples()
        time.sleep(0.02)
    return seen


def good(count: int, name: str) -> Callable[[list[Sample]], bool]:
    return lambda seen: sum(one.ok for one in seen if one.probe == name) >= count


def test_a_quiet_run_and_its_audit(keystone: LittleCloud, tmp_path: Path, ceph: LittleCeph) -> None:
    writer, other = ClientHost("c1", ceph), ClientHost("c2", ceph)

    def do(fleet: ProbeFleet) -> None:
        until(fleet, lambda seen: good(20, "block-write")(seen) and good(20, "block-read")(seen))

    found, noise, (books,) = probed(keystone, tmp_path, do, errand(writer), errand(writer, "block-read"))
    assert all(one.ok for one in found)
    assert noise.clock_s < 0.1
    assert noise.starts == len(found)
    rounds = sum(one.probe == "block-write" for one in found)
    # Prepared blocks are in the books too, where no round came over them.
    assert {entry[1] for entry in books.entries} == {entry[2] for entry in books.entries} == {*range(1, rounds + 1)}
    assert len(books.entries) == rounds * LANES
    assert (books.probe, books.host) == ("block-write", "c1")
    assert blocks.verify(other, books) == {"looked": rounds * LANES, "acked": rounds * LANES, "bad": 0, "such": []}
    assert len(ceph.images()) == 2
    ceph.images()[0].with_name("fournines-probe-busy").touch()
    ceph.images()[0].with_name("volume-of-a-user").touch()
    seen = blocks.remove(other)
    assert (len(seen["removed"]), seen["busy"]) == (2, ["fournines-probe-busy"])
    assert [path.name for path in ceph.images()] == ["fournines-probe-busy", "volume-of-a-user"]
    gone = blocks.verify(other, books)
    assert (gone["bad"], gone["such"]) == (rounds * LANES, ["the image is gone"])


def test_a_stall_is_bracketed_and_its_blocks_are_accounted_for(
    keystone: LittleCloud, tmp_path: Path, ceph: LittleCeph
) -> None:
    truth: list[float] = []

    def do(fleet: ProbeFleet) -> None:
        until(fleet, good(10, "block-write"))
        before = time.monotonic()
        truth.extend([before, ceph.become("blocked")])
        # Known before it is over: a drill follows while nothing is answered.
        until(fleet, lambda seen: sum(one.error == "deadline" for one in seen) >= 10)
        before = time.monotonic()
        truth.extend([before, ceph.become("up")])
        until(fleet, good(10, "block-write"))

    found, _, (books,) = probed(keystone, tmp_path, do, errand(ClientHost("c1", ceph)))
    down_from, down_by, up_from, up_by = truth
    writes = [one for one in found if one.probe == "block-write"]
    bad = [one for one in writes if not one.ok]
    assert {one.error for one in bad} == {"deadline"}
    for one in bad:
        assert one.late is not None
        assert one.late >= up_from, "answered after all, and known to be"
        assert one.end - one.intended >= 0.6
        assert one.end < one.late, "it was known to be bad at its deadline"
    slack = max(one.latency for one in writes if one.end < down_from) + 0.1
    (outage,) = [each for each in outages(held(writes, 0.3), quiet_s=slack) if each.bad > 5]
    assert outage.upper_s is not None
    assert outage.lower_s <= up_by - down_from + slack
    assert outage.upper_s >= up_from - down_by
    assert outage.stood > bad[-1].intended - bad[0].intended, "more than the deadlines alone show"
    assert {entry[1] == entry[2] for entry in books.entries} == {True}, "the late ones are acknowledged blocks as well"
    assert blocks.verify(ClientHost("c2", ceph), books)["bad"] == 0


def test_blocks_that_are_lost_are_found(keystone: LittleCloud, tmp_path: Path, ceph: LittleCeph) -> None:
    def do(fleet: ProbeFleet) -> None:
        until(fleet, good(5, "block-write"))
        ceph.become("loses")
        until(fleet, good(5, "block-write"))
        ceph.become("up")

    _, _, (books,) = probed(keystone, tmp_path, do, errand(ClientHost("c1", ceph)))
    seen = blocks.verify(ClientHost("c2", ceph), books)
    assert seen["bad"] >= 4 * LANES
    assert "holds nothing, acknowledged was" in seen["such"][0]


def test_a_refused_write_is_of_unknown_outcome(keystone: LittleCloud, tmp_path: Path, ceph: LittleCeph) -> None:
    def do(fleet: ProbeFleet) -> None:
        until(fleet, good(5, "block-write"))
        ceph.become("fails")
        until(fleet, lambda seen: sum(one.error == "ESHUTDOWN" for one in seen) >= 3)
        ceph.become("up")

    found, _, (books,) = probed(keystone, tmp_path, do, errand(ClientHost("c1", ceph)))
    assert all(one.late is None for one in found)
    assert any(acked == NEVER and issued > 0 for _, acked, issued in books.entries)
    assert blocks.verify(ClientHost("c2", ceph), books)["bad"] == 0


def test_what_is_never_answered_does_not_hold_up_the_end(
    keystone: LittleCloud, tmp_path: Path, ceph: LittleCeph
) -> None:
    def do(fleet: ProbeFleet) -> None:
        until(fleet, good(5, "block-write"))
        ceph.become("blocked")
        until(fleet, lambda seen: any(one.error == "deadline" for one in seen))

    found, _, (books,) = probed(keystone, tmp_path, do, errand(ClientHost("c1", ceph)))
    assert any(acked < issued for _, acked, issued in books.entries)
    last = outages([one for one in found if one.probe == "block-write"])[-1]
    assert last.upper_s is None


def test_another_clock_is_taken_off(keystone: LittleCloud, tmp_path: Path, ceph: LittleCeph) -> None:
    trial = ["unshare", "--time", "--monotonic", "9", "--fork", "true"]
    if subprocess.run(trial, capture_output=True, check=False).returncode:
        pytest.skip("needs a time namespace")

    def do(fleet: ProbeFleet) -> None:
        until(fleet, good(10, "block-write"))

    found, noise, _ = probed(keystone, tmp_path, do, errand(ClientHost("c1", ceph, clock=999)))
    now = time.monotonic()
    assert all(now - 60 < one.intended < now + 1 for one in found), "on our clock"
    assert 0 < noise.clock_s < 0.5


def test_it_cannot_start(keystone: LittleCloud, tmp_path: Path, ceph: LittleCeph) -> None:
    def nothing(fleet: ProbeFleet) -> None:
        return

    (ceph.folder / "volumes").rmdir()
    with pytest.raises(DrillError, match=r"block-write on c1 could not start: LookupError: no pool volumes"):
        probed(keystone, tmp_path, nothing, errand(ClientHost("c1", ceph)))
    with pytest.raises(HostError, match="no pool volumes"):
        blocks.remove(ClientHost("c1", ceph))


def test_its_death_is_noticed(keystone: LittleCloud, tmp_path: Path, ceph: LittleCeph) -> None:
    def die(fleet: ProbeFleet) -> None:
        until(fleet, good(3, "block-write"))
        os.kill(fleet.pids[-1], signal.SIGKILL)
        until(fleet, lambda seen: False)

    with pytest.raises(DrillError, match="block-write on c1 ended by itself"):
        probed(keystone, tmp_path, die, errand(ClientHost("c1", ceph)))


@pytest.mark.parametrize("begun", [False, True])
def test_it_ends_with_whoever_started_it(ceph: LittleCeph, begun: bool) -> None:
    """The end of its standard input means stop, also while librbd waits for disks that do not answer."""
    request = {**errand(ClientHost("c1", ceph)).probe.request(), "interval_s": 0.05, "deadline_s": 0.2, "drain_s": 0.4}
    argv = ClientHost("c1", ceph).argv(COMMAND)
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(sent("blocks", request).encode())
        process.stdin.flush()
        assert json.loads(process.stdout.readline()) == {"ready": True}
        if begun:
            process.stdin.write(b'{"t0": %f}\n' % time.monotonic())
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["sample"]["ok"]
            ceph.become("blocked")
            while json.loads(process.stdout.readline())["sample"]["ok"]:
                pass
        process.stdin.close()
        said = process.stdout.read().splitlines()
        assert process.wait(20) == 0
    if begun:
        assert json.loads(said[-1])["ended"]["unanswered"] > 0
    else:
        assert said == []
