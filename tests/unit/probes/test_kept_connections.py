"""Connections that are kept open: reused when they may be, never after anything went wrong, and nothing tried twice."""

from __future__ import annotations

import asyncio
import gc
import re
import time
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from little_cloud import LittleCloud, Mode

from fournines.probes import GUEST, ApiProbe, ProbeError, Session, _connections, api_probe, catalogue, describe
from fournines.state import Vault

READ, WRITE, GUEST_HTTP = api_probe("read"), api_probe("write"), api_probe("guest-http")
CATALOGUE = b'{"catalog": [{"type": "identity"}]}'
UNASKED = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(CATALOGUE), CATALOGUE)
CLOSING = UNASKED.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
CLOSES: list[Callable[[asyncio.Transport], None]] = [lambda each: each.close(), lambda each: each.abort()]
"""With a goodbye, and without."""


def run(keystone: LittleCloud, work: Callable[[Session], Awaitable[None]]) -> None:
    """With a token, and the connection by which it came kept open."""

    async def begin() -> None:
        async with asyncio.timeout(60), Session(keystone.api(), "kept") as session:
            await session.prepare(10)
            keystone.requests.clear()
            await work(session)

    asyncio.run(begin())


def ports(keystone: LittleCloud) -> list[int]:
    """Of each request, the client's: one for each connection."""
    return [port for _, _, port in keystone.requests]


def test_one_connection_serves_one_request_after_the_other(keystone: LittleCloud) -> None:
    async def work(session: Session) -> None:
        for seq in range(20):
            await (READ, WRITE)[seq % 2].once(session, seq)
        assert len(ports(keystone)) == 20
        assert len(set(ports(keystone))) == 1

    run(keystone, work)


def test_a_drills_requests_do_not_wait_for_each_other(keystone: LittleCloud) -> None:
    """Starts are open-loop: none waits while others hang until their deadlines, though all were of one API."""
    asked = [probe for probe in catalogue().values() if isinstance(probe, ApiProbe)]
    for service in {probe.service for probe in asked}:
        under_way = sum(probe.deadline_s / probe.interval_s + 1 for probe in asked if probe.service == service)
        assert under_way <= _connections.POOL / 2, "also at twice the rate"

    async def work(session: Session) -> None:
        await asyncio.to_thread(keystone.become, "hang")
        hung = [asyncio.create_task(READ.once(session, seq)) for seq in range(_connections.POOL)]
        async with asyncio.timeout(30):
            while len(keystone.requests) < _connections.POOL:
                await asyncio.sleep(0.01)
        assert len(set(ports(keystone))) == _connections.POOL
        for task in hung:
            task.cancel()
        await asyncio.gather(*hung, return_exceptions=True)

    run(keystone, work)


def test_the_guest_is_asked_on_fresh_ones(keystone: LittleCloud) -> None:
    async def work(session: Session) -> None:
        for seq in range(3):
            await GUEST_HTTP.once(session, seq)
            await session.request("GET", GUEST, "/cgi-bin/write")
        assert len(set(ports(keystone))) == 6

    run(keystone, work)


def test_one_that_the_server_closed_is_not_taken_again(keystone: LittleCloud) -> None:
    async def work(session: Session) -> None:
        for close in CLOSES:
            await READ.once(session, 0)
            assert await asyncio.to_thread(keystone.on_connections, close, last=True) == 1
            await READ.once(session, 1)
        assert len(ports(keystone)) == 4
        assert len(set(ports(keystone))) == 3, "of which the second serves both sides of the loop"

    run(keystone, work)


@pytest.mark.parametrize(("answer", "kind"), [(UNASKED[:-1], "deadline"), (CLOSING, "")], ids=["half", "close"])
def test_one_whose_answer_does_not_allow_it_is_not_taken_again(answer: bytes, kind: str, keystone: LittleCloud) -> None:
    """Half of an answer until the deadline, and a whole one that says it is the last (RFC 9112, 9.6)."""

    async def work(session: Session) -> None:
        await asyncio.to_thread(keystone.become, "hang")
        first = asyncio.create_task(once(session))
        async with asyncio.timeout(20):
            while not keystone.requests:
                await asyncio.sleep(0.01)
        await asyncio.to_thread(keystone.on_connections, lambda each: each.write(answer))
        assert await first == kind
        await asyncio.to_thread(keystone.become, "up")
        await READ.once(session, 1)
        assert len(ports(keystone)) == len(set(ports(keystone))) == 2

    async def once(session: Session) -> str:
        try:
            async with asyncio.timeout(2):
                await READ.once(session, 0)
        except TimeoutError as error:
            return describe(error)[0]
        return ""

    run(keystone, work)


def test_who_closes_first_is_the_client() -> None:
    """As HAProxy has it: without a timeout for keep-alive, that of a request holds."""
    text = (Path(__file__).parents[2] / "golden/lab/c1/etc/haproxy/haproxy.cfg").read_text()
    said = dict(re.findall(r"timeout (http-keep-alive|http-request) (\d+)s", text))
    assert float(said.get("http-keep-alive", said["http-request"])) / 2 >= _connections.IDLE_S


def test_one_that_was_idle_for_long_is_not_taken_again(keystone: LittleCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_connections, "IDLE_S", 0.3)

    async def work(session: Session) -> None:
        await READ.once(session, 0)
        await asyncio.sleep(1)
        await READ.once(session, 1)
        assert len(set(ports(keystone))) == 2

    run(keystone, work)


@pytest.mark.parametrize("probe", [READ, WRITE], ids=lambda probe: probe.name)
@pytest.mark.parametrize("close", CLOSES, ids=["close", "abort"])
@pytest.mark.parametrize("turns", [0, 1])
def test_a_request_lost_between_the_servers_close_and_ours_has_failed(
    turns: int, probe: ApiProbe, close: Callable[[asyncio.Transport], None], keystone: LittleCloud
) -> None:
    async def work(session: Session) -> None:
        await READ.once(session, 0)
        keystone.requests.clear()
        # Not in a thread: our loop must not run, or it would notice. In one turn it does, just before it writes a body.
        keystone.on_connections(close)
        time.sleep(0.2)
        for _ in range(turns):
            await asyncio.sleep(0)
        with pytest.raises((ProbeError, aiohttp.ClientError, OSError)) as caught:
            await probe.once(session, 1)
        assert describe(caught.value)[0] in ("disconnected", "reset")
        assert keystone.requests == [], "not even on another connection"
        await probe.once(session, 2)

    run(keystone, work)


@pytest.mark.parametrize("probe", [READ, WRITE], ids=lambda probe: probe.name)
@pytest.mark.parametrize("mode", ["drop", "hang"])
def test_one_that_dies_with_a_request_is_not_taken_again_and_nothing_is_asked_twice(
    mode: Mode, probe: ApiProbe, keystone: LittleCloud
) -> None:
    async def work(session: Session) -> None:
        await probe.once(session, 0)
        await asyncio.to_thread(keystone.become, mode)
        with pytest.raises((ProbeError, aiohttp.ClientError, OSError)) as caught:
            async with asyncio.timeout(0.5):
                await probe.once(session, 1)
        assert describe(caught.value)[0] == ("disconnected" if mode == "drop" else "deadline")
        assert len(ports(keystone)) == 2, "not even on another connection"
        await asyncio.to_thread(keystone.become, "up")
        await probe.once(session, 2)
        assert len(ports(keystone)) == 3
        first, second, third = ports(keystone)
        assert first == second != third

    run(keystone, work)


def test_what_was_not_asked_for_is_no_answer(keystone: LittleCloud) -> None:
    """A good one even: aiohttp by itself takes it for the answer to the next request, and the server may be dead."""

    async def work(session: Session) -> None:
        await READ.once(session, 0)
        assert await asyncio.to_thread(keystone.on_connections, lambda each: each.write(UNASKED)) == 1
        await asyncio.sleep(0.2)
        await asyncio.to_thread(keystone.become, "error")
        with pytest.raises(ProbeError, match="status 503"):
            await READ.once(session, 1)
        assert len(set(ports(keystone))) == 2

    run(keystone, work)


def test_a_wrong_answer_that_came_whole_is_no_reason_to_close(keystone: LittleCloud) -> None:
    """A balancer that answers 503 for a dead server keeps its client: so does the client."""

    async def work(session: Session) -> None:
        await asyncio.to_thread(keystone.become, "error")
        for seq in range(3):
            with pytest.raises(ProbeError, match="status 503"):
                await READ.once(session, seq)
        assert len(set(ports(keystone))) == 1

    run(keystone, work)


def test_with_a_new_authority_no_old_connection_is_used(keystone: LittleCloud, tmp_path: Path) -> None:
    renewed = Vault(tmp_path / "renewed")
    known = Path(keystone.ca_file)

    async def work(session: Session) -> None:
        await READ.once(session, 0)
        keystone.show(renewed)
        await READ.once(session, 1)
        known.write_text(renewed.ca())
        session.refresh()
        await READ.once(session, 2)
        old, same, new = ports(keystone)
        assert old == same != new
        await READ.once(session, 3)
        assert ports(keystone)[-1] == new

    run(keystone, work)


def test_it_ends_with_nothing_left_open(keystone: LittleCloud, caplog: pytest.LogCaptureFixture) -> None:
    async def begin() -> None:
        async with asyncio.timeout(60), Session(keystone.api(), "kept") as session:
            await session.prepare(10)
            await asyncio.gather(*(READ.once(session, seq) for seq in range(10)))
            keystone.tokens.clear()
            await asyncio.to_thread(keystone.become, "hang")
            session._renew()  # pyright: ignore[reportPrivateUsage]
            await asyncio.sleep(0.1)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    gc.collect()  # what earlier tests left is theirs
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        asyncio.run(begin(), debug=True)
        gc.collect()
    assert [str(each.message) for each in said if "nclosed" in str(each.message)] == []
    assert [record.message for record in caplog.records if "nclosed" in record.message] == []
    until = time.monotonic() + 10
    while keystone.on_connections(lambda each: None):
        assert time.monotonic() < until, "the server still has connections"
        time.sleep(0.02)
