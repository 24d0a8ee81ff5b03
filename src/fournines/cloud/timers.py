"""Every timer that decides how long a failover takes, in one place.

Rendered configuration and computed bounds both read these values, so that they cannot drift apart.
Values: field notes "Timing knobs"; all in seconds unless the name says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(ge=0.01, le=86_400, allow_inf_nan=False)]
Whole = Annotated[int, Field(ge=1, le=86_400)]
"""Seconds, where who is configured with them knows no fractions."""
Times = Annotated[int, Field(ge=1, le=100)]
Estimate = Annotated[float, Field(ge=0.01, le=86_400, allow_inf_nan=False, json_schema_extra={"estimate": True})]
"""Seconds that something takes; they configure nothing."""


class Timers(BaseModel):
    """Detection and recovery timers of one kind of host."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    corosync_token: Seconds
    """Silence of a controller after which Corosync takes it for lost."""
    corosync_consensus: Seconds
    """How long the others then wait to agree on who is left."""
    election: Estimate
    """Measured: Pacemaker elects a DC and computes a transition after a membership change."""
    fence: Estimate
    """Measured: one Redfish power-off, confirmed."""
    fence_timeout: Seconds
    """How long Pacemaker waits for that."""
    address_takeover: Estimate
    """Measured: IPaddr2 starts, with gratuitous ARP."""
    monitor_interval: Seconds
    """How long after its last answer Pacemaker asks again what it runs: the VIP with its HAProxy, units that move."""
    monitor_patience: Whole
    """How long the HAProxy beside the VIP is given to answer."""
    check_interval: Seconds
    """How often a host's own proxy asks a database member how it is."""
    check_fast_interval: Seconds
    """The same of one that is in doubt, APIs too."""
    check_timeout: Seconds
    """How long it may take to answer."""
    check_fall: Times
    """So many failures on end, and it is down."""
    check_rise: Times
    """So many answers on end, and it is up."""
    connect: Seconds
    """HAProxy `timeout connect`: one try at a dead server before redispatch."""
    api_check_interval: Seconds
    """How often the load balancer asks an API how it is."""
    api_check_timeout: Seconds
    """How long an API may take to answer: under load it is slower than a database member."""
    api_check_fall: Times
    """So many failures on end, and the API is down."""
    evs_suspect: Seconds
    """Silence of a Galera member after which the others suspect it."""
    evs_inactive: Seconds
    """Silence after which it is out, whoever doubts it."""
    evs_install: Estimate
    """The others agree on a new component."""
    database_connect: Whole
    """How long a daemon waits for a connection to the database."""
    database_read: Whole
    """How long it waits for an answer to a query."""
    rpc_response: Whole
    """How long an API waits for another daemon's answer: `rpc_response_timeout`."""
    rabbit_ticktime: Whole
    """Erlang's `net_ticktime`: silence of a broker after which its peers give it up, a quarter more or less."""
    etcd_heartbeat: Seconds
    """How often the leader says that it lives."""
    etcd_election: Seconds
    """Silence of the leader after which a member stands for election; each waits one to two of these."""
    osd_heartbeat_interval: Whole
    """How often an OSD asks its neighbours."""
    osd_heartbeat_grace: Whole
    """Silence of an OSD after which its peers report it."""
    osd_mon_report_interval: Whole
    """How long reports are gathered before they go to the mons: by default 5 s, most of a failover."""
    mon_lease: Seconds
    """For how long a monitor believes the leader's last word."""
    mon_election_timeout: Seconds
    """How long monitors wait for each other's votes."""
    paxos_propose_interval: Seconds
    """How long changes of a map are gathered before they are agreed on."""
    disk_takeover: Estimate
    """Promote, mount and recover a database on the other host. Assumed: nothing here builds that."""
    vrrp_advert: Annotated[int, Field(ge=1, le=255)]
    """Between what the active one of a router's hosts says; three without it and another takes over."""
    guest_check_interval: Seconds
    """How often a compute host is asked whether it lives."""
    guest_check_timeout: Seconds
    """How long it may take to answer."""
    guest_check_fall: Times
    """A compute host that gives no answer so often on end is fenced, and its guests are started elsewhere."""
    guest_start: Estimate
    """From there to the guest's first answer on another host: scheduled, plugged in, booted. Assumed: a lab full of
    probes took some 49 s once."""
    agent_report: Whole
    """Between what a Neutron agent tells the servers of itself."""
    agent_down: Whole
    """Without such a word for so long nothing new is given to the agent."""
    service_report: Whole
    """The same of what Nova's and Cinder's daemons tell: `report_interval`."""
    service_down: Whole
    """Without such a word for so long nothing new is given to the daemon: `service_down_time`."""

    def but(self, changes: Mapping[str, Any]) -> Timers:
        """These with some set otherwise; one without a value is as if it was not written. Raises pydantic's
        ValidationError."""
        known = Timers.model_fields
        said = {name: value for name, value in changes.items() if value is not None or name not in known}
        return Timers.model_validate(self.model_dump() | said) if said else self

    @staticmethod
    def configures(name: str) -> bool:
        """Whether a daemon is told that one. Raises KeyError."""
        return not Timers.model_fields[name].json_schema_extra

    def vip_failover(self) -> float:
        """Upper bound for the VIP to move after its holder lost power."""
        return self.corosync_token + self.corosync_consensus + self.election + self.fence + self.address_takeover

    def monitored_failover(self) -> float:
        """Upper bound for Pacemaker to move what it runs from a host that lives, where a process has died or hangs:
        the HAProxy beside the VIP. That systemd starts a dead one again at once is not counted on."""
        return self.monitor_interval + self.monitor_patience + self.election + self.address_takeover

    def server_down(self) -> float:
        """Upper bound for HAProxy to mark a silent server down: the first failing check starts at most
        one interval after the fault, the following ones come at the fast interval."""
        return (
            self.check_interval
            + self.check_fall * self.check_timeout
            + (self.check_fall - 1) * self.check_fast_interval
        )

    def database_failover(self) -> float:
        """Upper bound for the database to accept writes again after its writer lost power: the
        survivors agree on a new component while HAProxy, in parallel, moves to the first backup."""
        return max(self.evs_suspect + self.evs_install, self.server_down()) + self.connect

    def api_down(self) -> float:
        """Upper bound for HAProxy to mark an API server down that accepts connections and says nothing."""
        return (
            self.api_check_interval
            + self.api_check_fall * self.api_check_timeout
            + (self.api_check_fall - 1) * self.check_fast_interval
        )

    def database_hung(self) -> float:
        """As `database_failover`, of a writer that hangs: the program beside it that answers for it notices when it
        has had no news for a while; meanwhile the survivors give the silent member up."""
        return max(self.evs_inactive + self.evs_install, HEALTH_FRESH + self.server_down()) + self.connect

    def block_failover(self) -> float:
        """Upper bound for block storage to serve every object again after a host of it lost power: a neighbour
        misses a heartbeat that it was about to send, and reports. A monitor may have been lost as well, and with
        it the report: the others miss its lease, elect, and hear the report again. Then two changes of the map
        are agreed on: it is down, and who serves instead is up."""
        noticed = self.osd_heartbeat_interval + self.osd_heartbeat_grace + self.osd_mon_report_interval
        return noticed + self.mon_lease + self.mon_election_timeout + 2 * self.paxos_propose_interval

    def router_failover(self) -> float:
        """Upper bound for a router to be active on another host after its host lost power (RFC 5798): three adverts
        missed, and the skew of the priority that Neutron gives to all of them, 50."""
        return (3 + (256 - 50) / 256) * self.vrrp_advert

    def guest_failover(self) -> float:
        """Upper bound for a guest to answer on another host after its own lost power. The last good answer may have
        been just before; then each question may take its whole time."""
        return self._guest_host_fenced() + self.guest_start

    def compute_left_out(self) -> float:
        """Upper bound for Nova to give a compute host that lost power no new guests: it has not told of itself for
        long enough, or has been fenced and is said to be down."""
        return min(self.service_down, self._guest_host_fenced())

    def _guest_host_fenced(self) -> float:
        silent = self.guest_check_interval + self.guest_check_fall * max(
            self.guest_check_interval, self.guest_check_timeout
        )
        return silent + self.fence

    def network_reassigned(self) -> float:
        """Upper bound for a network's only DHCP agent, gone silent, to be replaced by another one, which must then
        still start its server. Neutron's servers give its networks away after twice `agent_down`, and look every half
        of that time."""
        return 2 * self.agent_down + max(self.agent_down // 2, 1)

    def disk_failover(self) -> float:
        """Upper bound for a database or broker whose disk moves with it to serve on the other host: Pacemaker moves
        the group, then the disk is promoted and mounted, and what was not yet written back is replayed."""
        return self.vip_failover() + self.disk_takeover

    def bus_failover(self) -> float:
        """Upper bound for the queues of a broker that went silent to have leaders elsewhere: Erlang gives a peer up
        after between 0.75 and 1.25 of the tick time; a new leader takes a moment beside that."""
        return 1.25 * self.rabbit_ticktime

    def osd_failover(self) -> float:
        """The same after one OSD was killed on a host that lives: its address refuses connections, which its
        neighbours notice at the next heartbeat at the latest and report at once."""
        return self.osd_heartbeat_interval + 2 * self.paxos_propose_interval


HEALTH_FRESH = 2.0
"""Seconds for which what a database member last said of itself counts (`onhost/galera_member.py`)."""

LAB = Timers(
    # A second is too short on a shared machine: stalls of 850 ms were seen, and a healthy host was fenced.
    corosync_token=1.5,
    corosync_consensus=1.8,
    election=1.0,
    fence=0.9,
    fence_timeout=20,
    address_takeover=1.0,
    monitor_interval=1,
    monitor_patience=2,
    check_interval=1,
    check_fast_interval=0.3,
    check_timeout=1,
    check_fall=2,
    check_rise=2,
    connect=0.5,
    api_check_interval=2,
    api_check_timeout=5,
    api_check_fall=3,
    evs_suspect=2,
    evs_inactive=5,
    evs_install=1,
    database_connect=3,
    database_read=10,
    rpc_response=30,
    rabbit_ticktime=8,
    # Its defaults, 0.1 and 1 s, are shorter than this machine's stalls: leaders would change for nothing.
    etcd_heartbeat=0.2,
    etcd_election=2,
    osd_heartbeat_interval=1,
    osd_heartbeat_grace=6,
    osd_mon_report_interval=1,
    mon_lease=2,
    mon_election_timeout=2,
    paxos_propose_interval=0.25,
    disk_takeover=30,
    vrrp_advert=1,
    # Six in a row: a host that stands still for a second or two on a shared machine is not lost.
    guest_check_interval=1,
    guest_check_timeout=1,
    guest_check_fall=6,
    guest_start=45,
    agent_report=5,
    agent_down=15,
    service_report=5,
    service_down=20,
)

METAL = Timers(
    corosync_token=2.5,
    corosync_consensus=3.0,
    election=1.0,
    fence=10,
    fence_timeout=60,
    address_takeover=1.0,
    monitor_interval=1,
    monitor_patience=2,
    check_interval=1,
    check_fast_interval=0.5,
    check_timeout=2,
    check_fall=3,
    check_rise=2,
    connect=1,
    api_check_interval=2,
    api_check_timeout=5,
    api_check_fall=3,
    evs_suspect=3,
    evs_inactive=8,
    evs_install=2,
    database_connect=3,
    database_read=10,
    rpc_response=30,
    rabbit_ticktime=15,
    etcd_heartbeat=0.1,
    etcd_election=1,
    osd_heartbeat_interval=6,
    osd_heartbeat_grace=10,
    osd_mon_report_interval=2,
    mon_lease=5,
    mon_election_timeout=5,
    paxos_propose_interval=1,
    disk_takeover=30,
    vrrp_advert=1,
    guest_check_interval=1,
    guest_check_timeout=2,
    guest_check_fall=8,
    guest_start=60,
    agent_report=5,
    # What agents and daemons tell of themselves passes a broker, and is late by `bus_failover` when one is lost.
    agent_down=25,
    service_report=5,
    service_down=25,
)


def usual(provider: str) -> Timers:
    """Those of hosts of that kind of provider, as long as the operator says nothing else."""
    return LAB if provider == "lab" else METAL
