"""Network: routers become active on other hosts, then the L3 agent is closed and takes down what it had ready.

First keepalived says goodbye router by router (`services/onhost/l3_yield.py`): that costs each of them less than a
second. Only when all are active elsewhere is the agent's `admin_state_up` taken: Neutron then has the agent remove its
routers altogether (`services_available`), so that whatever is done to the host's switch, none of them can become active
there by mistake, also after a reboot. Taken first, it would unplug ports that are still bound to this host.

The DHCP agent stays open: closed, it would give its ports and their addresses back, which guests know as their name
servers. Each of its networks is given to another agent too, where no other one has it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from fournines.cloud.model import Cloud
from fournines.converge.steps import Command
from fournines.errors import NinesError
from fournines.maintain import REASON, Duty, Views
from fournines.maintain._routers import additions, stranded, unmoved
from fournines.maintain.site import Site, asked, told_to
from fournines.prove.facts import L3, facts, routers
from fournines.services._render import on_host

_L3_AGENT, _DHCP_AGENT = "neutron-l3-agent", "neutron-dhcp-agent"
AT_ONCE = 8
"""Routers that move at a time: each makes its new host's agent busy."""
_MOVE_S = 60.0
_SYNC_S = 300.0
"""The agent looks for what has changed every 40 s, and then works router by router."""


class Network(Duty):
    name = "network"
    mark = ("neutron", "described")
    # Guests move through the network as it was.
    after = ("compute",)

    def hosts(self, cloud: Cloud) -> tuple[str, ...]:
        return tuple(host.name for host in cloud.services[L3].hosts) if L3 in cloud.services else ()

    def possible(self, site: Site, host: str, views: Views) -> None:
        sdk = site.client().sdk
        agents = asked(lambda: _agents(sdk, _L3_AGENT))
        own = agents.get(host)
        if own is None:
            raise NinesError(f"Neutron knows no {_L3_AGENT} on {host}", "nines apply")
        if not own.is_admin_state_up and not (own.description or "").startswith(REASON):
            remedy = f"openstack network agent set --enable {own.id}, then run it again"
            raise NinesError(f"the {_L3_AGENT} on {host} was disabled by somebody else", remedy)
        others = _well(agents, host)
        if not others:
            raise NinesError(f"no other network host is well: {host} must stay", "mend or add one; see nines status")
        ready = {name: (facts(views, name, L3) or {}).get("ready", ()) for name in agents}
        if alone := stranded((facts(views, host, L3) or {}).get("active", ()), ready, others):
            raise NinesError(
                f"no other host has these routers ready: {', '.join(alone)}",
                "openstack router set --disable ROUTER; openstack router set --ha --enable ROUTER",
            )
        if asked(lambda: _additions(sdk, host)) is None:
            raise NinesError(f"no other DHCP agent is well: {host} must stay", "mend or add one; see nines status")

    def take(self, site: Site, host: str) -> Sequence[str]:
        sdk = site.client().sdk
        agent = asked(lambda: _agents(sdk, _L3_AGENT))[host]
        told_to(lambda: sdk.network.update_agent(agent.id, description=REASON))
        self._serve_elsewhere(site, sdk, host)
        self._move(site, host)
        own = (facts(site.look([host]), host, L3) or {}).get("ready", ())

        def bound() -> str:
            still = asked(lambda: _bound(sdk, host, own))
            return f"Neutron to bind {len(still)} ports of routers to their new hosts" if still else ""

        site.wait(self.name, _MOVE_S, bound, f"nines logs {host} {L3}")
        told_to(lambda: sdk.network.update_agent(agent.id, admin_state_up=False))

        def left() -> str:
            # One that was made meanwhile may have become active here.
            self._move(site, host)
            ready = (facts(site.look([host]), host, L3) or {"ready": ["?"]})["ready"]
            return f"the agent to take down {len(ready)} routers" if ready else ""

        site.wait(self.name, _SYNC_S, left, f"nines logs {host} {L3}")
        return ()

    def give(self, site: Site, host: str) -> None:
        site.well(self.name, host)
        sdk = site.client().sdk
        agent = asked(lambda: _agents(sdk, _L3_AGENT))[host]
        told_to(lambda: sdk.network.update_agent(agent.id, admin_state_up=True))

        def left() -> str:
            wanted = {each.id for each in asked(lambda: list(sdk.network.agent_hosted_routers(agent.id)))}
            missing = wanted - set((facts(site.look([host]), host, L3) or {}).get("ready", ()))
            return f"{len(missing)} of {len(wanted)} routers to be ready" if missing else ""

        site.wait(self.name, _SYNC_S, left, f"nines logs {host} {L3}")
        told_to(lambda: sdk.network.update_agent(agent.id, description=""))

    def _serve_elsewhere(self, site: Site, sdk: Any, host: str) -> None:
        agents = asked(lambda: _agents(sdk, _DHCP_AGENT))
        for network, other in (asked(lambda: _additions(sdk, host)) or {}).items():
            site.note(self.name, f"DHCP of the network {network} by {other} too", host)
            told_to(lambda o=other, n=network: sdk.network.add_dhcp_agent_to_network(agents[o].id, n))

        def left() -> str:
            missing = [n for n in asked(lambda: _ports_missing(sdk, host)) if n]
            return f"DHCP of {len(missing)} networks on other hosts" if missing else ""

        site.wait(self.name, _SYNC_S, left, "openstack network agent list --agent-type dhcp")

    def _move(self, site: Site, host: str) -> None:
        """Every router that is active here."""
        own = (facts(site.look([host]), host, L3) or {}).get("active", ())
        for some in _batches(list(own)):
            source = on_host("l3_yield.py")
            site.run(host, Command(awaits="", argv=("python3", "-c", source, *some), timeout=30))

            def left(some: Sequence[str] = some) -> str:
                active, _ = routers(site.look(self.hosts(site.cloud)), site.cloud)
                still = unmoved(some, active, host)
                return f"{', '.join(still)} to be active elsewhere" if still else ""

            site.wait(self.name, _MOVE_S, left, f"nines logs {host} {L3}; is its network between network hosts whole?")


def _batches(routers: Sequence[str]) -> list[Sequence[str]]:
    return [routers[first : first + AT_ONCE] for first in range(0, len(routers), AT_ONCE)]


def _agents(sdk: Any, binary: str) -> dict[str, Any]:
    return {agent.host: agent for agent in sdk.network.agents(binary=binary)}


def _well(agents: Mapping[str, Any], host: str) -> list[str]:
    return [name for name, each in agents.items() if name != host and each.is_alive and each.is_admin_state_up]


def _additions(sdk: Any, host: str) -> dict[str, str] | None:
    agents = _agents(sdk, _DHCP_AGENT)
    served = {
        name: {network.id for network in sdk.network.dhcp_agent_hosting_networks(agent.id)}
        for name, agent in agents.items()
    }
    return additions(served, host, _well(agents, host))


def _bound(sdk: Any, host: str, routers: Collection[str]) -> list[str]:
    """Ports of these routers that Neutron still has on that host: its agents tell it of a move some seconds later."""
    return [
        port.id
        for owner in ("network:ha_router_replicated_interface", "network:router_gateway")
        for port in sdk.network.ports(device_owner=owner)
        if port.device_id in routers and port.binding_host_id == host
    ]


def _ports_missing(sdk: Any, host: str) -> list[str]:
    """Networks that only this host's DHCP agent has a working port in."""
    ports = list(sdk.network.ports(device_owner="network:dhcp"))
    elsewhere = {port.network_id for port in ports if port.binding_host_id != host and port.status == "ACTIVE"}
    return sorted({port.network_id for port in ports if port.binding_host_id == host} - elsewhere)
