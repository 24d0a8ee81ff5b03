"""A session that asks for days: no request meets an expired token or an authority that was renewed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from little_cloud import LittleCloud

from fournines.probes import Connections, ProbeError, Session, api_probe
from fournines.state import Vault

READ = api_probe("read")


def run(keystone: LittleCloud, work: Callable[[Session], Awaitable[None]], connections: Connections = "fresh") -> None:
    async def begin() -> None:
        async with asyncio.timeout(60), Session(keystone.api(), connections) as session:
            await work(session)

    asyncio.run(begin())


async def until(session: Session, good: Callable[[], bool]) -> None:
    """Refresh as the prober does, only faster. Bounded by `run`."""
    while not good():
        session.refresh()
        await asyncio.sleep(0.02)


def test_a_token_is_replaced_before_it_ends(keystone: LittleCloud) -> None:
    keystone.token_life_s = 60

    async def work(session: Session) -> None:
        await session.prepare(10)
        first = session.token.id
        assert session.token.life_s == pytest.approx(60, abs=0.01)
        session.refresh()
        await asyncio.sleep(0.2)
        assert session.token.id == first, "a young one is kept"
        keystone.token_life_s = 1.5
        await session.prepare(10)
        second = session.token.id
        keystone.token_life_s = 3600
        await until(session, lambda: session.token.id != second)
        assert await READ.once(session, 0) is None
        third = session.token.id
        session.refresh()
        await asyncio.sleep(0.2)
        assert session.token.id == third

    run(keystone, work)


def test_a_token_that_never_came_is_a_bad_request_and_is_asked_for_again(keystone: LittleCloud) -> None:
    async def work(session: Session) -> None:
        await asyncio.to_thread(keystone.become, "refuse")
        with pytest.raises(ProbeError, match="no token"):
            await READ.once(session, 0)
        session.refresh()
        await asyncio.sleep(0.2)
        with pytest.raises(ProbeError, match="no token"):
            await READ.once(session, 1)
        await asyncio.to_thread(keystone.become, "up")
        keystone.tokens.clear()
        await until(session, lambda: bool(keystone.tokens))
        await asyncio.sleep(0.2)
        await READ.once(session, 2)

    run(keystone, work)


def test_a_renewed_authority_is_trusted_and_the_old_one_no_more(keystone: LittleCloud, tmp_path: Path) -> None:
    renewed = Vault(tmp_path / "renewed")
    known = Path(keystone.ca_file)

    async def work(session: Session) -> None:
        await session.prepare(10)
        keystone.show(renewed)
        session.refresh()
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await READ.once(session, 0)
        known.unlink()
        session.refresh()
        known.write_text("half of a certif")
        session.refresh()
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await READ.once(session, 1)
        known.write_text(renewed.ca())
        session.refresh()
        await READ.once(session, 2)

    run(keystone, work)


def test_an_outage_longer_than_a_token_is_survived(keystone: LittleCloud) -> None:
    keystone.token_life_s = 1

    async def work(session: Session) -> None:
        await session.prepare(10)
        first = session.token.id
        await asyncio.to_thread(keystone.become, "refuse")
        ends = time.monotonic() + 1.2
        await until(session, lambda: time.monotonic() > ends)
        assert session.token.id == first
        await asyncio.to_thread(keystone.become, "up")
        keystone.token_life_s = 3600
        await until(session, lambda: session.token.id != first)
        await READ.once(session, 0)

    run(keystone, work)
