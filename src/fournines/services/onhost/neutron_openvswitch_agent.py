"""Neutron's agent for Open vSwitch, which leaves a router's ports as they are while Neutron binds them to another host.

When a router has become active elsewhere, Neutron takes the binding from its ports and makes a new one. Who asks in
between is told of a port without one, takes it for a mistake and drops what it sends and receives, on the very host
that has just taken over: floating IPs that VRRP had moved went dark again for 2.4 s, in four of six failovers (Neutron
26.0). Here such a port counts as one that nothing could be found out about: it is asked for again a second later.
"""

import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

_ROUTERS = ("network:ha_router_replicated_interface", "network:router_gateway", "network:router_ha_interface")
"""Owners of ports that are on every host that has the router ready, wherever they are bound."""

Details = dict[str, list[Any]]


def is_between(port: Any) -> bool:
    """Whether that (None: Neutron knows of none) is a router's port without a binding."""
    return port is not None and not port.binding_levels and port.device_owner in _ROUTERS


def patient(usual: "Callable[..., Details]", port_type: str) -> "Callable[..., Details]":
    """Neutron's own way to ask for ports, made to wait for bindings."""

    def ask(
        self: Any,
        context: Any,
        devices: "Iterable[str]",
        agent_id: str,
        host: "str | None" = None,
        agent_restarted: bool = False,
    ) -> Details:
        wanted = list(devices)
        cache = self.remote_resource_cache
        waiting = [each for each in wanted if is_between(cache.get_resource_by_id(port_type, each, agent_restarted))]
        others = [each for each in wanted if each not in waiting]
        found = usual(self, context, others, agent_id, host, agent_restarted)
        return {**found, "failed_devices": [*found["failed_devices"], *waiting]}

    return ask


def main() -> "int | None":
    # First, for it has eventlet take over what others import.
    agent = import_module("neutron.cmd.eventlet.plugins.ovs_neutron_agent")
    api: Any = import_module("neutron.agent.rpc").CacheBackedPluginApi
    port = import_module("neutron.api.rpc.callbacks.resources").PORT
    name = "get_devices_details_list_and_failed_devices"
    setattr(api, name, patient(getattr(api, name), port))
    return agent.main()


if __name__ == "__main__":
    sys.exit(main())
