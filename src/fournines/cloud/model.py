"""The resolved cloud: every host, service, daemon and endpoint, and what needs what. Plain frozen data.

Made by `fournines.cloud.resolve` from a Spec and the service catalogue; nothing here reads a file,
starts a process or knows a particular service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Literal

from fournines.cloud.timers import Timers, usual

Role = Literal["control", "network", "compute", "storage"]
ProviderKind = Literal["lab", "ssh"]


@dataclass(frozen=True, slots=True)
class Failover:
    """What it costs those who stand on a service that a member of it is lost, while enough of it live."""

    timer: str
    """The method of `Timers` that gives its upper bound in seconds."""
    of: Literal["active", "each"] = "active"
    """Whose loss costs that: the one that is active, or each member's."""
    killed: str | None = None
    """The same where only the member's daemons end, on a host that lives; empty: that costs nothing. None: as much."""
    fenced: bool = False
    """Nobody takes over before the power of the lost host is off."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """How a service is kept available. A value that others read, never a branch on its name."""

    name: Literal["active-active", "active-backup", "quorum", "external"]
    supervisor: Literal["systemd", "pacemaker", "elsewhere"]
    reach: Literal["vip", "proxy", "members", "local", "address"]
    """Where clients connect: the VIP, a node-local proxy, the member list, their own host's member, somebody else's."""
    alive: Literal["any", "majority", "all-but-one", "elsewhere"]
    """How many members must live for the service to be served."""
    failover: Failover | None = None
    """What the loss of a member costs under it, whatever the service."""
    disk: bool = False
    """Its data lies on one disk that moves with it."""


@dataclass(frozen=True, slots=True)
class Needs:
    """One edge of the needs graph: a service stands on `target`."""

    target: str
    alive: Literal["any", "majority", "all-but-one", "all", "local", "one"] = "any"
    """How many of the target's members must live; `local` is the member on the same host, `one` a given member."""
    soft: bool = False
    """Without it the service is slower, not down; a soft need does not order the deployment unless `first`."""
    first: bool = False
    """Of a soft one: deployed before, for who starts without it loses time."""
    optional: bool = False
    """Counts only in a cloud that has the target."""
    changes: bool = False
    """Only who changes something stands on it: what is there is read, and runs on, without."""

    @property
    def orders(self) -> bool:
        """Whether the target is deployed before the service."""
        return self.first or not self.soft


@dataclass(frozen=True, slots=True)
class Spread:
    """What the members of a service may lose at a time."""

    domain: Literal["host", "rack"]
    """What counts as one loss, however many members it has."""
    spare: int
    """So many domains may be lost, and it is still served."""
    copies: int | None = None
    """So many members have a copy of any piece of data, and only who wants such a piece waits when one of them is lost;
    None: whoever is lost, everybody waits."""

    def domain_of(self, host: Host) -> str:
        """Name of the one that the host is in: by itself where it has no rack."""
        return host.rack or host.name if self.domain == "rack" else host.name


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where clients of a service connect through the VIP."""

    name: str
    """Unique in the cloud; a service's first has the service's own name."""
    port: int
    path: str = ""
    kind: str = ""
    """The catalogue's service type, such as `identity`; empty for what is not in the catalogue."""
    also: tuple[tuple[str, str], ...] = ()
    """(type, path) of what else the catalogue says of the same port, where it speaks several languages."""
    check: str = "/"
    """Path that the load balancer asks, one that needs no database: a slow database must not empty the rotation."""
    check_every_s: float | None = None
    """Where a check costs more than a request to an API, or next to nothing; None: as the timers have it."""
    public: bool = True
    """Clients of the cloud use it; else only its own hosts do."""
    published: int | None = None
    """Port on the VIP, where it is another than the daemons' own."""
    plain: int | None = None
    """Port on the VIP that sends clients of plain HTTP to TLS on 443, for what people open in a browser."""
    balance: str = "leastconn"
    """How the load balancer spreads requests, in HAProxy's words. By default to who has the fewest: one that hangs is
    given no second one while the first waits."""
    idle_s: float = 60
    """Seconds for which a request, or an open console, may be silent."""
    http2: bool = True
    """Offered to clients."""
    keep_alive: bool = False
    """Whether a client's connection outlives an answer. A request on one that was kept is lost with the VIP's holder; a
    new connection waits for the next one."""

    @property
    def vip_port(self) -> int:
        return self.published or self.port

    @property
    def vip_ports(self) -> tuple[int, ...]:
        """All that it listens on there."""
        return (self.vip_port,) if self.plain is None else (self.vip_port, self.plain)


@dataclass(frozen=True, slots=True)
class Network:
    name: str
    cidr: IPv4Network
    vip: IPv4Address | None
    gateway: IPv4Address | None
    mtu: int
    trunk: bool = False
    """Hosts are on it by links to two switches at least."""


@dataclass(frozen=True, slots=True)
class Bmc:
    """The Redfish endpoint that can cut a host's power."""

    address: str
    port: int
    system: str
    """Path of the system resource, such as `/redfish/v1/Systems/c1`."""
    username: str
    password_file: str | None
    """Where the operator keeps its password; None: the lab's own, in the state's secrets as `bmc`."""
    feeds: tuple[str, ...] | None = None
    """Power feeds that it hangs on itself; None: its host's."""
    switches: tuple[str, ...] | None = None
    """Switches through which it is reached; None: its host's."""


@dataclass(frozen=True, slots=True)
class Ssh:
    """How the SSH provider reaches a host."""

    address: str
    port: int
    user: str
    key: str | None
    """Path of the private key; None leaves the choice to ssh."""


@dataclass(frozen=True, slots=True)
class Disk:
    """One disk of a storage host."""

    name: str
    """Unique on its host, and stays with the disk."""
    path: str
    """On the host: a block device; in a lab a file."""
    serial: str | None
    """Of the drive; in a lab HOST-NAME."""
    db: str | None
    """A faster device on the host, for metadata and journal."""
    bytes: int | None = None
    """In a lab: what `path` is made with."""
    db_bytes: int | None = None
    """The same of `db`."""
    wipe: bool = False
    """The operator has said, by its serial number, that whatever it holds may be lost."""
    size: int | None = None
    """Bytes, as far as the spec says."""


@dataclass(frozen=True, slots=True)
class Host:
    name: str
    index: int
    """Position in the spec, from 1: Corosync's node id, and the order of preference among equals."""
    roles: frozenset[Role]
    rack: str | None
    zone: str
    feeds: tuple[str, ...]
    switches: tuple[str, ...]
    addresses: Mapping[str, IPv4Address]
    """Network name -> address."""
    bmc: Bmc | None
    ssh: Ssh | None
    disks: tuple[Disk, ...] = ()
    cores: int | None = None
    memory_gigabytes: int | None = None
    """As far as the spec says."""

    @property
    def management(self) -> str:
        """Address on the management network, as text."""
        return str(self.addresses["management"])


@dataclass(frozen=True, slots=True)
class Daemon:
    """One service running on one host."""

    service: str
    host: str

    @property
    def id(self) -> str:
        return f"{self.service}@{self.host}"


@dataclass(frozen=True, slots=True)
class Placement:
    """One service as this cloud has it: where it runs, how it is kept available, what it stands on."""

    name: str
    strategy: Strategy
    hosts: tuple[Host, ...]
    needs: tuple[Needs, ...]
    endpoints: tuple[Endpoint, ...]
    options: Mapping[str, object] = field(default_factory=dict[str, object])
    """The service's own keys of the spec, already validated by the service's `Options` model."""
    failover: Failover | None = None
    """What the loss of a member costs while enough live; None: nothing that a client sees."""
    built: bool = True
    """Otherwise nothing here can build it so: it can be checked and predicted."""
    tie_breaker: Host | None = None
    """Votes with its members, and serves nothing."""

    @property
    def daemons(self) -> tuple[Daemon, ...]:
        return tuple(Daemon(self.name, host.name) for host in self.hosts)


@dataclass(frozen=True, slots=True)
class Load:
    """What the cloud is to carry; None: the spec does not say."""

    guest_vcpus: int | None = None
    guest_memory_gigabytes: int | None = None
    stored_gigabytes: int | None = None
    """Before copies."""
    requests_at_once: int | None = None
    """That the busiest API serves at the same time at its worst."""


@dataclass(frozen=True, slots=True)
class Cloud:
    name: str
    region: str
    cell: str
    sla: float
    """Availability promised, as a fraction: 0.9999."""
    provider: ProviderKind
    networks: Mapping[str, Network]
    hosts: tuple[Host, ...]
    services: Mapping[str, Placement]
    """In deployment order: what is needed comes before what needs it."""
    load: Load = Load()
    rates: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, "Mapping[str, Any]"])
    """Kind of part -> what the operator knows better of its failures; see `fournines.predict.rates`."""
    accept: Mapping[str, str] = field(default_factory=dict[str, str])
    """Code of a finding that the operator accepts -> why."""
    own_timers: Timers | None = None
    """With what the operator sets otherwise; None: nothing."""

    @property
    def vip(self) -> str:
        """The virtual address of the API, as text: on the management network today."""
        vip = self.networks["management"].vip
        if vip is None:
            raise LookupError("the management network has no vip; the loader refuses such a spec")
        return str(vip)

    @property
    def timers(self) -> Timers:
        return self.own_timers or usual(self.provider)

    @property
    def fidelity(self) -> Literal["container", "metal"]:
        return "container" if self.provider == "lab" else "metal"

    def host(self, name: str) -> Host:
        """The host of that name. Raises KeyError."""
        for host in self.hosts:
            if host.name == name:
                return host
        raise KeyError(name)

    def having(self, role: Role) -> tuple[Host, ...]:
        """Hosts with that role, in the spec's order."""
        return tuple(host for host in self.hosts if role in host.roles)

    @property
    def endpoints(self) -> Mapping[str, Endpoint]:
        """Every endpoint by name, in deployment order."""
        return {each.name: each for placement in self.services.values() for each in placement.endpoints}

    def url(self, endpoint: str) -> str:
        """Public URL of an endpoint. Raises KeyError."""
        found = self.endpoints[endpoint]
        return f"https://{self.vip}:{found.vip_port}{found.path}"
