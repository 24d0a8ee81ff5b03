"""Whom the probes of a cloud ask, which probes there are for it, and asking the same besides them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from typing import TypeVar
from xml.etree.ElementTree import ParseError

import aiohttp

from fournines.cloud.model import Cloud
from fournines.cloud.names import MARK
from fournines.demo import possible
from fournines.errors import DrillError
from fournines.probes import GUEST, Api, Probe, ProbeError, Session, catalogue, describe
from fournines.state import Vault

_BOUND_S = 60
_GUEST_S = 10
"""For one answer of a guest, on a machine that is busy with other things."""
T = TypeVar("T")


def probes_of(cloud: Cloud, requested: Collection[str] = ()) -> list[Probe]:
    """Those whose service the cloud has: in deployment order; of each service its reads first. Of those that are made
    on request alone, the requested ones.

    Raises DrillError for a request of something else.
    """
    order = list(cloud.services)
    probes = [probe for probe in catalogue().values() if probe.service in cloud.services]
    choice = [probe.name for probe in probes if probe.on_request and (possible(cloud) or not probe.lasting)]
    if wrong := [name for name in requested if name not in choice]:
        there = ", ".join(choice) or "none"
        raise DrillError(f"no probe that is made on request: {', '.join(wrong)}", f"of {cloud.name} there is {there}")
    probes = [probe for probe in probes if not probe.on_request or probe.name in requested]
    return sorted(
        probes,
        key=lambda each: (order.index(each.service), each.writes or each.all_copies, each.name != "token"),
    )


def api_of(cloud: Cloud, vault: Vault) -> Api:
    """Where probes ask, as the cloud's admin, with a key for objects."""
    return replace(admin_of(cloud, vault), access=MARK, secret=vault.password("s3 key of probes"))


def admin_of(cloud: Cloud, vault: Vault) -> Api:
    """The same without that key: it makes no secret that a built cloud has not."""
    endpoints = {name: f"https://{cloud.vip}:{each.vip_port}" for name, each in cloud.endpoints.items()}
    return Api(
        endpoints=endpoints,
        ca_file=str(vault.ca_file),
        username="admin",
        password=vault.password("admin"),
        project="admin",
        region=cloud.region,
    )


def answerable(api: Api, probes: Sequence[Probe]) -> tuple[list[Probe], list[str]]:
    """(these without those that ask a guest what it cannot answer, notes on them). Of a guest that an older nines has
    made they are those whose path it does not know; without a guest all, and no note."""
    paths = {probe.guest_path for probe in probes if probe.guest_path}
    if not api.guest:
        return [probe for probe in probes if not probe.guest_path], []
    unknown = asyncio.run(_unknown(api, paths))
    notes = [
        f"{probe.name} was not made: the demo's guest is of an older image; nines demo --delete, then nines demo"
        for probe in probes
        if probe.guest_path in unknown
    ]
    return [probe for probe in probes if probe.guest_path not in unknown], notes


async def _unknown(api: Api, paths: Collection[str]) -> set[str]:
    """Those of these paths that the guest has nothing at."""

    async def asked(path: str) -> int:
        try:
            async with asyncio.timeout(_GUEST_S):
                return (await session.request("GET", GUEST, path)).status
        except (ProbeError, aiohttp.ClientError, OSError):
            return 0  # the baseline says what is wrong

    async with Session(api) as session:
        statuses = await asyncio.gather(*map(asked, paths))
    return {path for path, status in zip(paths, statuses, strict=True) if status == 404}


def as_client(api: Api, work: Callable[[Session], Awaitable[T]], what: str) -> T:
    """What comes of some requests with a token, 60 s at most. Raises DrillError that says what could not be done."""

    async def run() -> T:
        async with asyncio.timeout(_BOUND_S), Session(api) as session:
            await session.prepare(_BOUND_S)
            return await work(session)

    try:
        return asyncio.run(run())
    except (ProbeError, aiohttp.ClientError, OSError, ParseError) as error:
        kind, detail = describe(error)
        raise DrillError(f"could not {what}: {kind} {detail}".rstrip(), "see nines status") from error
