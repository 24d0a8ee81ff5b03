"""A partition: the targets are cut off from every other host of the cloud, and not from each other nor from clients.

The dangerous one for what decides by majority: a minority that holds the VIP is still asked by everybody, and must
accept nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fournines.errors import DrillError
from fournines.faults._filter import Filter
from fournines.hosts import Host, run

_CLOUD = "nft list set inet fournines links"
"""The addresses of all hosts, as the firewall has them."""


class Partition(Filter):
    name = "partition"
    letter = "D"
    severs = True
    cuts = "together"

    def dropped(self, host: Host, targets: Sequence[Host]) -> Mapping[str, Sequence[str]]:
        own = {address for each in targets for address in run(each, ["hostname", "-I"]).split()}
        listed = run(host, ["sh", "-c", _CLOUD]).partition("elements = {")[2].partition("}")[0]
        others = sorted({address.strip() for address in listed.split(",")} - own)
        if not others:
            raise DrillError(f"no host is left to cut {host.name} off from", "name fewer hosts")
        hosts = f"{{ {', '.join(others)} }}"
        return {"input": [f"ip saddr {hosts} drop"], "output": [f"ip daddr {hosts} drop"]}
