"""No name server answers a host. Names of the cloud's own are in every host's /etc/hosts: nobody may notice.

That is what it shows: a daemon that looks up a name of its own making at each request would hang for seconds. Guests
ask the servers of their networks, in namespaces of their own, which go on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fournines.faults._filter import Filter
from fournines.hosts import Host

_PORTS = "{ 53, 853 }"


class DnsGone(Filter):
    name = "dns-gone"
    letter = "-"
    target = "control"

    def dropped(self, host: Host, targets: Sequence[Host]) -> Mapping[str, Sequence[str]]:
        return {
            "input": [f"meta l4proto {{ tcp, udp }} th sport {_PORTS} drop"],
            "output": [f"meta l4proto {{ tcp, udp }} th dport {_PORTS} drop"],
        }
