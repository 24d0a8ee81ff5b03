"""What the configured timers allow: how long a probe may be out after a fault, and how soon it cannot be back.

Reasoning, for one host that loses power at instant 0. From then on everything that notices runs at the same time on
the hosts that live, so what a request stands on is combined by **max**, not by sum:

    the VIP was there        vip_failover       token lost, consensus, election, fence, address up
    the writer was there     database_failover  new component, and the local proxies on their first backup
    any database member      evs_suspect + evs_install, for writes: commits wait for the dead member's certification
    any API server           nothing            HAProxy gives the request to another one when a connection fails

What a single request pays besides is **added**: one connection attempt to a server that is not yet marked down
(`connect`), and the time that the probe's request takes on the quiet cloud (median of the baseline), for
a request under way when the fault strikes is lost too.

The bound is for the outage itself. A measured upper bound may exceed it by the probe's resolution: up to one interval
at each end. So: upper <= bound holds it; lower > bound breaks it; in between the measurement cannot tell.

`floor` is the other side. A VIP whose holder is silent cannot move before the survivors have lost the token and waited
for consensus, whatever the machine. The token may have been lost up to one retransmit (a quarter of it) before
the power. A good answer between the fault and the floor was not measured right: the fault did not happen,
or a clock is wrong.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from fournines.cloud.timers import Timers
from fournines.probes import Probe

Part = Literal["vip", "writer", "member"]
"""What an injured host carried: the VIP, the database writer, a database member at all."""


def bound(timers: Timers, lost: Collection[Part], probe: Probe, request_s: float) -> float:
    """Upper bound, in seconds, for the probe's outage after a host that carried `lost` goes silent. 0: nothing lost.

    `request_s` is the time of the probe's request at baseline.
    """
    if not lost:
        return 0.0
    waits = [0.0]
    if "vip" in lost:
        waits.append(timers.vip_failover())
    if "writer" in lost:
        waits.append(timers.database_failover())
    if "member" in lost and probe.rows:
        waits.append(timers.evs_suspect + timers.evs_install)
    return max(waits) + timers.connect + request_s


def floor(timers: Timers, lost: Collection[Part]) -> float:
    """Seconds before which no request can be served again; 0 when it may not fail at all."""
    if "vip" not in lost:
        return 0.0
    return 0.75 * timers.corosync_token + timers.corosync_consensus
