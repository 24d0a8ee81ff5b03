"""What the configured timers allow: how long a probe may be out after a fault, and how soon it cannot be back.

Reasoning, for one host that loses power at instant 0. From then on everything that notices runs at the same time on
the hosts that live, so what a request stands on is combined by **max**, not by sum:

    the VIP was there        vip_failover       token lost, consensus, election, fence, address up
    the writer was there     database_failover  new component, and the local proxies on their first backup
    the VIP's HAProxy hangs  monitored_failover Pacemaker's monitor runs out, address up elsewhere
    the writer hangs         database_hung      its health is no longer news, and then the proxies' checks
    an API server hangs      api_down           as many checks as it takes run out; until then it gets its share
                                                (whom that concerns: `forecast.met`)
    any database member      evs_suspect + evs_install, for writes: commits wait for the dead member's certification
    any API server           nothing            HAProxy gives the request to another one when a connection fails
    an active router         router_failover    three adverts missed, and what VRRP adds by priority
    guests were there        guest_failover     silent for long enough, fenced, scheduled elsewhere, booted there
    others were to be made   compute_left_out   silent for long enough for Nova's schedulers, or fenced before that
    a network's DHCP agent   network_reassigned its only one; of several each answers, so that no client waits
    a host of OSDs           block_failover     for disks and objects: missed heartbeats, reported, agreed on by mons

What a single request pays besides is **added**: one connection attempt to a server that is not yet marked down
(`connect`), and the time that the probe's request takes on the quiet cloud (median of the baseline), for
a request under way when the fault strikes is lost too.

The bound is for the outage itself. A measured upper bound may exceed it by the probe's resolution: up to one interval
at each end. So: upper <= bound holds it; lower > bound breaks it; in between the measurement cannot tell.

`floor` is the other side. A VIP whose holder is silent cannot move before the survivors have lost the token and waited
for consensus, whatever the machine. The token may have been lost up to one retransmit (a quarter of it) before
the power. A write that the silent host must store too waits until its neighbours' grace has passed, which counts from
the first heartbeat without an answer; that one may have been under way since one interval. A good answer between the
fault and the floor was not measured right: the fault did not happen, or a clock is wrong.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from fournines.cloud.columns import Column
from fournines.cloud.timers import Timers
from fournines.probes import Probe

Part = Literal[
    "vip", "writer", "member", "osds", "copies", "osd", "router", "guests", "dhcp", "balancer", "broker", "hung"
]
"""What was injured: the VIP, the database writer, a database member at all; a host of OSDs, all hosts of which have a
copy of every block, one OSD alone; the host where routers are active, one that runs guests which others can take; the
API's HAProxy beside the VIP, a broker; `dhcp`: the only DHCP agent of networks that another one could be given. `hung`:
what was struck keeps its connections and says nothing more."""
_APIS = frozenset[Part]({"vip", "writer", "member", "balancer", "hung"})


def bound(timers: Timers, lost: Collection[Part], probe: Probe, request_s: float) -> float:
    """Upper bound, in seconds, for the probe's outage after a host that carried `lost` goes silent. 0: nothing lost
    that it stands on.

    `request_s` is the time of the probe's request at baseline.
    """
    waits = [_of_column(timers, lost, column, commits=probe.commits) for column in probe.columns]
    return max(waits) + request_s if any(waits) else 0.0


def _of_column(timers: Timers, lost: Collection[Part], column: Column, *, commits: bool) -> float:
    """The same without the request itself. `commits`: the database must."""
    if column == "volume-io":
        if "osds" in lost:
            return timers.block_failover()
        return timers.osd_failover() + timers.connect if "osd" in lost else 0.0
    if column in ("fip", "dhcp"):
        waits = [timers.router_failover()] if column == "fip" and "router" in lost else []
        waits += [timers.network_reassigned()] if column == "dhcp" and "dhcp" in lost else []
        waits += [timers.guest_failover()] if "guests" in lost else []
        return max(waits, default=0.0)
    if "broker" in lost:
        return timers.bus_failover() if column in ("create", "attach") else 0.0
    moved = _of_guests(timers, column) if "guests" in lost else 0.0
    if not _APIS & set(lost) and not (column == "s3" and lost):
        return moved
    waits = [moved]
    if column == "s3" and "osds" in lost:
        waits.append(timers.block_failover())
    if column == "s3" and "osd" in lost:
        waits.append(timers.osd_failover())
    if "vip" in lost:
        waits.append(timers.vip_failover())
    if "balancer" in lost:
        waits.append(timers.monitored_failover())
    if {*lost} <= {"hung"}:
        waits.append(timers.api_down())
    if "writer" in lost and "hung" in lost:
        waits.append(timers.database_hung())
    elif "writer" in lost:
        waits.append(timers.database_failover())
    if "member" in lost and commits:
        waits.append(timers.evs_suspect + timers.evs_install)
    return max(waits) + timers.connect


def _of_guests(timers: Timers, column: Column) -> float:
    """Guests are no longer made on their host once Nova leaves it out; a volume may be for one that is away itself."""
    if column == "attach":
        return timers.guest_failover()
    return timers.compute_left_out() if column == "create" else 0.0


def floor(timers: Timers, lost: Collection[Part], probe: Probe) -> float:
    """Seconds before which no request of the probe can be served again; 0 when it may not fail at all."""
    if "fip" in probe.columns:
        return 0.0
    if probe.column == "volume-io":
        early = timers.osd_heartbeat_grace - timers.osd_heartbeat_interval
        return max(0.0, early) if "copies" in lost and probe.all_copies else 0.0
    if "vip" not in lost:
        return 0.0
    return 0.75 * timers.corosync_token + timers.corosync_consensus
