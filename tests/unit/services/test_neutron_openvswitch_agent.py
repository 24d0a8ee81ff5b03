"""A router's port that Neutron is about to bind elsewhere is asked for again, and nothing is done to it meanwhile."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import pytest

from fournines.services.onhost.neutron_openvswitch_agent import Details, is_between, patient

ROUTER = "network:ha_router_replicated_interface"


@dataclass
class Port:
    device_owner: str
    binding_levels: list[str]


@dataclass
class Cache:
    """Of Neutron's agent: what it last heard of ports."""

    ports: dict[str, Port]
    restarted: list[bool] = field(default_factory=list[bool])

    def get_resource_by_id(self, kind: str, port: str, agent_restarted: bool) -> Port | None:
        assert kind == "Port"
        self.restarted.append(agent_restarted)
        return self.ports.get(port)


@dataclass
class Api:
    remote_resource_cache: Cache


def usual(api: Api, context: Any, devices: Collection[str], agent_id: str, host: str, restarted: bool) -> Details:
    assert (context, agent_id, host, restarted) == ("context", "agent", "n1", True)
    # Raises on one, as the agent's own does when the server cannot be reached.
    known = [each for each in devices if each != "failing"]
    return {"devices": [{"device": each} for each in known], "failed_devices": [*{*devices} - {*known}]}


@pytest.mark.parametrize(
    ("owner", "levels", "between"),
    [
        (ROUTER, [], True),
        ("network:router_gateway", [], True),
        ("network:router_ha_interface", [], True),
        (ROUTER, ["openvswitch"], False),
        ("network:dhcp", [], False),
        ("compute:nova", [], False),
        ("", [], False),
    ],
)
def test_only_a_routers_port_without_a_binding_is_between(owner: str, levels: list[str], between: bool) -> None:
    assert is_between(Port(owner, levels)) == between


def test_a_port_that_is_gone_is_not_waited_for() -> None:
    assert not is_between(None)


def test_what_is_between_counts_as_failed_and_the_rest_is_asked_as_ever() -> None:
    ports = {"moving": Port(ROUTER, []), "bound": Port(ROUTER, ["ovs"]), "guest": Port("compute:nova", [])}
    api = Api(Cache(ports))
    ask = patient(usual, "Port")
    found = ask(api, "context", {"moving", "bound", "guest", "gone", "failing"}, "agent", "n1", True)
    assert sorted(each["device"] for each in found["devices"]) == ["bound", "gone", "guest"]
    assert sorted(found["failed_devices"]) == ["failing", "moving"]
    assert {*api.remote_resource_cache.restarted} == {True}
    ports["moving"].binding_levels.append("ovs")
    found = ask(api, "context", {"moving"}, "agent", "n1", True)
    assert found == {"devices": [{"device": "moving"}], "failed_devices": []}
