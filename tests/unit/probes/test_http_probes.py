"""Each probe against a real HTTPS server: one connection, nothing tried twice, nothing but the right answer is good."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest
from little_cloud import PASSWORD, SECRET, LittleCloud, Member, Mode

from fournines.probes import Api, ApiProbe, Connections, ProbeError, Session, api_probe, catalogue, describe
from fournines.probes._objects import content
from fournines.prove import objects, rows
from fournines.prove.asked import answerable
from fournines.services import catalogue as services
from fournines.state import Vault

ASKED = [probe for probe in catalogue().values() if isinstance(probe, ApiProbe)]
PROBES = [pytest.param(probe, id=probe.name) for probe in ASKED if not probe.on_request]
KINDS = pytest.mark.parametrize("connections", ["fresh", "kept"])


def once(
    probe: ApiProbe,
    keystone: LittleCloud,
    mode: Mode = "up",
    deadline: float = 5,
    connections: Connections = "fresh",
) -> str | None:
    """One request of the probe in that mode, with a token obtained before."""

    objects.ready(keystone.api(), [probe])

    async def run() -> str | None:
        async with Session(keystone.api(), connections) as session:
            await session.prepare(10)
            await asyncio.to_thread(keystone.become, mode)
            keystone.requests.clear()
            async with asyncio.timeout(deadline):
                return await probe.once(session, 7)

    return asyncio.run(run())


async def prepared(api: Api) -> None:
    async with Session(api) as session:
        await session.prepare(5)


def test_every_api_has_probes() -> None:
    apis = [probe for probe in ASKED if not probe.guest_path]
    asked = {probe.service for probe in apis}
    written = {probe.service for probe in apis if probe.writes}
    public = {name for name, each in services().items() if any(endpoint.public for endpoint in each.endpoints)}
    default = {name for name in public if services()[name].by_default}
    assert default <= asked <= public
    # A dashboard keeps nothing but sessions.
    assert default - written == {"horizon"}
    for probe in catalogue().values():
        assert 0 < probe.interval_s < probe.deadline_s


def test_they_ask_little_enough() -> None:
    """A drill shares two cores with its lab."""
    per_second = sum(1 / probe.interval_s for probe in ASKED)
    assert per_second < 25


@pytest.mark.parametrize("probe", PROBES)
def test_good(probe: ApiProbe, keystone: LittleCloud) -> None:
    ack = once(probe, keystone)
    assert len(keystone.requests) == 1
    assert (ack is not None) == probe.writes
    if probe.rows:
        assert keystone.tables.ids(probe.name) == {ack}
    elif ack:
        assert keystone.objects == {ack: content(ack)}


@pytest.mark.parametrize("probe", PROBES)
@pytest.mark.parametrize(
    ("mode", "kind", "connections"),
    [
        ("error", "status 503", "fresh"),
        ("error", "status 503", "kept"),
        ("wrong", "body", "fresh"),
        ("wrong", "body", "kept"),
        ("drop", "disconnected", "fresh"),
        ("drop", "disconnected", "kept"),
        ("refuse", "refused", "fresh"),
    ],
)
def test_everything_else_is_bad_and_never_tried_twice(
    probe: ApiProbe, mode: Mode, kind: str, connections: Connections, keystone: LittleCloud
) -> None:
    with pytest.raises((ProbeError, aiohttp.ClientError, OSError)) as caught:
        once(probe, keystone, mode, connections=connections)
    assert describe(caught.value)[0] == kind
    # aiohttp by itself repeats a GET whose connection was dropped: one request must stay one.
    assert len(keystone.requests) == (0 if mode == "refuse" else 1)


@pytest.mark.parametrize("probe", PROBES)
def test_hanging_is_ended_by_the_deadline(probe: ApiProbe, keystone: LittleCloud) -> None:
    with pytest.raises(TimeoutError) as caught:
        once(probe, keystone, "hang", deadline=0.3)
    assert describe(caught.value)[0] == "deadline"


def test_each_request_has_a_connection_of_its_own(keystone: LittleCloud) -> None:
    async def run() -> None:
        async with Session(keystone.api()) as session:
            await session.prepare(10)
            for seq in range(5):
                await api_probe("read").once(session, seq)

    asyncio.run(run())
    ports = [port for _, path, port in keystone.requests if path == "/v3/auth/catalog"]
    assert len(ports) == 5
    assert len(set(ports)) == 5


def test_the_certificate_is_verified(keystone: LittleCloud, tmp_path: Path) -> None:
    other = Vault(tmp_path / "other")
    api = keystone.api(ca_file=str(other.ca_file))
    with pytest.raises(aiohttp.ClientConnectorCertificateError) as caught:
        asyncio.run(prepared(api))
    assert describe(caught.value)[0] == "tls"
    assert keystone.requests == []


def test_wrong_password(keystone: LittleCloud) -> None:
    with pytest.raises(ProbeError, match="status 401"):
        asyncio.run(prepared(keystone.api(password="wrong")))


@KINDS
def test_a_refused_token_is_a_failure_once_and_then_renewed(connections: Connections, keystone: LittleCloud) -> None:
    async def run() -> None:
        async with Session(keystone.api(), connections) as session:
            await session.prepare(10)
            old = session.token
            keystone.tokens.clear()
            with pytest.raises(ProbeError, match="status 401"):
                await api_probe("read").once(session, 0)
            async with asyncio.timeout(5):
                while session.token == old:
                    await asyncio.sleep(0.01)
            await api_probe("read").once(session, 1)

    asyncio.run(run())
    assert [path for _, path, _ in keystone.requests].count("/v3/auth/tokens") == 2


def test_the_address_that_is_acknowledged_is_the_guest_s_own(keystone: LittleCloud) -> None:
    renew = api_probe("dhcp-renew")
    keystone.leased = "192.168.172.99"
    with pytest.raises(ProbeError, match=r"body: 192\.168\.172\.2 acknowledged 192\.168\.172\.99, not"):
        once(renew, keystone)


def test_a_guest_is_asked_what_it_can_answer(keystone: LittleCloud) -> None:
    every = [*catalogue().values()]
    asking = {probe.name for probe in every if probe.guest_path}
    assert asking == {"guest-http", "guest-write", "dhcp-renew", "attach"}
    assert answerable(keystone.api(), every) == (every, [])
    keystone.guest_lacks.add("/cgi-bin/renew")
    probes, (note,) = answerable(keystone.api(), every)
    assert {*every} - {*probes} == {catalogue()["dhcp-renew"]}
    assert note.startswith("dhcp-renew was not made: the demo's guest is of an older image; nines demo --delete")
    keystone.become("error")
    assert answerable(keystone.api(), every) == (every, []), "what is wrong with it the baseline says"
    keystone.become("refuse")
    assert answerable(keystone.api(), every) == (every, [])
    probes, notes = answerable(keystone.api(guest=""), every)
    assert ({probe.name for probe in every} - {probe.name for probe in probes}, notes) == (asking, [])


def test_rows_are_found_and_removed_and_no_others(keystone: LittleCloud) -> None:
    writing = [probe for probe in ASKED if probe.rows]
    for probe in writing:
        keystone.tables.add(probe.name, "yours", "an image of yours", "ec2")

    async def run() -> dict[str, set[str]]:
        async with Session(keystone.api()) as session:
            await session.prepare(10)
            return {probe.name: {str(await probe.once(session, seq)) for seq in range(3)} for probe in writing}

    acknowledged = asyncio.run(run())
    member = Member("c1", keystone.tables.folder)
    assert rows.ids(member, writing) == acknowledged
    assert rows.remove(member, writing) == 3 * len(writing)
    assert rows.remove(member, writing) == 0
    assert rows.ids(member, writing) == {probe.name: set() for probe in writing}
    for probe in writing:
        assert keystone.tables.ids(probe.name) == {"yours"}


def test_secrets_are_in_no_repr() -> None:
    api = Api(endpoints={}, ca_file="", username="admin", password=PASSWORD, project="admin", secret=SECRET)
    assert PASSWORD not in repr(api)
    assert SECRET not in repr(api)
