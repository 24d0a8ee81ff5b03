"""The Redfish service over HTTP, with a machine that remembers what was done to it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, cast

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from fournines.errors import HostError
from fournines.lab.bmc import Endpoint
from fournines.lab.machine import Machine
from fournines.lab.redfish import application

SYSTEM = "/redfish/v1/Systems/c1"
RESET = f"{SYSTEM}/Actions/ComputerSystem.Reset"


@dataclass
class Switch:
    state: str = "on"
    mains_cut: bool = False
    done: list[str] = field(default_factory=list[str])

    def power(self) -> str:
        return self.state

    def power_off(self) -> None:
        self.done.append("off")
        self.state = "off"

    def start(self) -> None:
        if self.mains_cut:
            raise HostError("c1", "its mains are cut")
        self.done.append("on")
        self.state = "on"


Answer = tuple[int, dict[str, Any]]
Call = Callable[..., Awaitable[Answer]]


def talk(switch: Switch, conversation: Callable[[Call], Awaitable[None]], password: str = "secret") -> None:
    async def main() -> None:
        endpoint = Endpoint("c1", "127.0.0.1", 0, SYSTEM, "nines")
        server = TestServer(application(endpoint, cast(Machine, switch), "secret"))
        await server.start_server()
        credentials = base64.b64encode(f"nines:{password}".encode()).decode()
        headers = {"Authorization": f"Basic {credentials}"}
        async with aiohttp.ClientSession(headers=headers) as session:

            async def call(method: str, path: str, json: object = None) -> Answer:
                async with session.request(method, server.make_url(path), json=json) as response:
                    body: Any = await response.json() if response.content_length else {}
                    return response.status, body

            await conversation(call)
        await server.close()

    asyncio.run(main())


def test_a_client_finds_the_system_and_its_reset() -> None:
    async def conversation(call: Call) -> None:
        _, root = await call("GET", "/redfish/v1/")
        _, systems = await call("GET", root["Systems"]["@odata.id"])
        status, system = await call("GET", systems["Members"][0]["@odata.id"])
        action = system["Actions"]["#ComputerSystem.Reset"]
        assert (status, system["PowerState"], action["target"]) == (200, "On", RESET)
        assert action["ResetType@Redfish.AllowableValues"] == ["On", "ForceOff", "ForceRestart"]

    talk(Switch(), conversation)


def test_resets_switch_the_machine_and_answer_when_it_is_so() -> None:
    switch = Switch()

    async def conversation(call: Call) -> None:
        assert await call("POST", RESET, {"ResetType": "ForceOff"}) == (204, {})
        assert (await call("GET", SYSTEM))[1]["PowerState"] == "Off"
        await call("POST", RESET, {"ResetType": "On"})
        assert (await call("GET", SYSTEM))[1]["PowerState"] == "On"
        await call("POST", RESET, {"ResetType": "ForceRestart"})
        assert switch.done == ["off", "on", "off", "on"]

    talk(switch, conversation)


@pytest.mark.parametrize("body", [{"ResetType": "Nmi"}, {}, [], "x", None])
def test_a_reset_that_is_not_offered_is_refused(body: object) -> None:
    switch = Switch()

    async def conversation(call: Call) -> None:
        status, answer = await call("POST", RESET, body)
        assert status == 400
        assert answer["error"]["message"]

    talk(switch, conversation)
    assert switch.done == []


def test_while_the_mains_are_cut_it_stays_off() -> None:
    switch = Switch(state="off", mains_cut=True)

    async def conversation(call: Call) -> None:
        status, answer = await call("POST", RESET, {"ResetType": "On"})
        assert status == 503
        assert "mains" in answer["error"]["message"]
        assert (await call("POST", RESET, {"ResetType": "ForceOff"}))[0] == 204

    talk(switch, conversation)
    assert switch.state == "off"


def test_a_wrong_password_does_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    switch = Switch()

    async def conversation(call: Call) -> None:
        assert (await call("GET", "/redfish/v1/"))[0] == 200
        for method, path in (("GET", SYSTEM), ("POST", RESET), ("GET", "/redfish/v1/Systems"), ("GET", "/nothing")):
            assert (await call(method, path, {"ResetType": "ForceOff"}))[0] == 401

    talk(switch, conversation, password="guess")
    assert switch.done == []
    log = capsys.readouterr().out
    assert "-> 401" in log
    assert "guess" not in log
    assert base64.b64encode(b"nines:guess").decode() not in log


def test_what_is_not_there_is_404() -> None:
    async def conversation(call: Call) -> None:
        status, answer = await call("GET", "/redfish/v1/Systems/c2")
        assert status == 404
        assert answer["error"]["message"]

    talk(Switch(), conversation)
