"""The strategies there are. A service names those that suit it, its default first."""

from __future__ import annotations

from fournines.cloud.model import Failover, Strategy

ACTIVE_ACTIVE = Strategy("active-active", supervisor="systemd", reach="vip", alive="any")
"""Every member serves; clients come through the VIP's HAProxy."""

ACTIVE_BACKUP = Strategy(
    "active-backup",
    supervisor="pacemaker",
    reach="vip",
    alive="any",
    failover=Failover("vip_failover", killed="monitored_failover"),
)
"""Pacemaker runs one member and moves it."""

SHARED_DISK = Strategy(
    "active-backup", supervisor="pacemaker", reach="vip", alive="any", failover=Failover("disk_failover"), disk=True
)
"""The same, with its data on a disk that moves with it: how databases and brokers were kept in 2013."""

QUORUM = Strategy("quorum", supervisor="systemd", reach="members", alive="majority")
"""A replicated cluster that serves while a majority of its members live; clients are given every member."""

QUORUM_PROXIED = Strategy("quorum", supervisor="systemd", reach="proxy", alive="majority")
"""The same, behind a proxy on each client's own host that keeps to one writer."""

REPLICATED = Strategy(
    "quorum",
    supervisor="systemd",
    reach="members",
    alive="all-but-one",
    failover=Failover("block_failover", of="each", killed="osd_failover"),
)
"""Each piece of data has copies on several members: served, and nothing lost, without any one of them."""

LOCAL = Strategy("active-active", supervisor="systemd", reach="local", alive="any")
"""A member on every host, used by that host alone."""

SPREAD = Strategy("active-active", supervisor="systemd", reach="members", alive="any")
"""Each thing that it serves is on several members, which serve it at the same time; whoever schedules them knows."""

ROUTED = Strategy(
    "active-backup", supervisor="systemd", reach="members", alive="any", failover=Failover("router_failover", killed="")
)
"""Each thing that it serves is ready on several members, which agree by VRRP on the one that serves it."""

EXTERNAL = Strategy("external", supervisor="elsewhere", reach="address", alive="elsewhere")
"""Somebody else runs it; nothing here builds what connects to it."""
