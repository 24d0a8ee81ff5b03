"""The spec: what the operator wrote, typed, its ranges written out. `nines schema` is made from these models.

Between fields (an address inside its network, a rack that exists) nothing is checked here: see `checks`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Any, Literal, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    WithJsonSchema,
)

from fournines.spec.base import Model
from fournines.spec.ranges import RANGE
from fournines.spec.rates import Rates

NetworkName = Literal["management", "tunnel", "storage", "external"]
RoleName = Literal["control", "network", "compute", "storage"]
StrategyName = Literal["active-active", "active-backup", "quorum", "external"]

MIN_DISK_GIGABYTES = 4
"""GiB. On less, an OSD's own logs leave no room for data: with 1 GiB it came to a stop."""

_DISK_NAME = "[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?"
_CLOUD_NAME = "[a-z]([a-z0-9-]{0,14}[a-z0-9])?"


def _host_name(name: str) -> str:
    # A range that is still there was bad and has been told.
    if RANGE.search(name):
        return name
    if not re.fullmatch(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", name) or name == "localhost":
        raise ValueError(
            "a host name is a DNS label: lower-case letters, digits and hyphens, first a letter, at most 63"
        )
    return name


def _domain_name(name: str) -> str:
    if not RANGE.search(name) and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", name):
        raise ValueError("a name has letters, digits, dots, hyphens and underscores, at most 63")
    return name


def _cloud_name(name: str) -> str:
    if not re.fullmatch(_CLOUD_NAME, name):
        raise ValueError("a cloud's name has lower-case letters, digits and inner hyphens, first a letter, at most 16")
    if name == "images":
        raise ValueError("the state folder of that name holds the images of lab hosts")
    return name


def _path(path: str) -> str:
    if not path.startswith(("/", "~/")) or not path.isprintable():
        raise ValueError("a path begins with / or ~/")
    return path


def _machine(address: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.:-]{0,252}[A-Za-z0-9])?", address):
        raise ValueError("must be an address or a host name")
    return address


def _url_path(path: str) -> str:
    if not re.fullmatch(r"/[!-~]*", path):
        raise ValueError("a path of Redfish begins with / and has no spaces")
    return path


def _user(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,62}", name):
        raise ValueError("must be a user name")
    return name


def _disk_name(name: str) -> str:
    if not re.fullmatch(_DISK_NAME, name):
        raise ValueError("a disk's name has lower-case letters, digits and inner hyphens, at most 20")
    return name


def _serial(number: str) -> str:
    if not RANGE.search(number) and not re.fullmatch(r"[!-~]{1,64}", number):
        raise ValueError("a serial number has no spaces and at most 64 characters")
    return number


def _finding_code(code: str) -> str:
    if not re.fullmatch(r"[A-Z][A-Z0-9-]{2,40}", code):
        raise ValueError("a code of `nines check` has capital letters, digits and hyphens, such as SPOF-HOST")
    return code


def _reason(text: str) -> str:
    if not text.strip() or not text.isprintable() or len(text) > 300:
        raise ValueError("say why it is accepted, on one line")
    return text


def _network(cidr: IPv4Network) -> IPv4Network:
    if not 8 <= cidr.prefixlen <= 29:
        raise ValueError("must have a prefix between /8 and /29")
    return cidr


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise ValueError(f"{twice[0]!r} is listed twice")
    return names


def _some(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise ValueError("must not be empty")
    return names


def _empty(value: object) -> object:
    return {} if value is None else value


# The schema's patterns are for editors, which see a range as it is written.
_RANGED = r"^(?:[0-9A-Za-z._-]|\[[0-9]+-[0-9]+\])+$"
CloudName = Annotated[str, AfterValidator(_cloud_name), Field(json_schema_extra={"pattern": f"^{_CLOUD_NAME}$"})]
HostName = Annotated[str, AfterValidator(_host_name)]
DomainName = Annotated[str, AfterValidator(_domain_name), WithJsonSchema({"type": "string", "pattern": _RANGED})]
DomainNames = Annotated[tuple[DomainName, ...], AfterValidator(_once)]
Roles = Annotated[
    # Not min_length: it does not count items that are wrong themselves.
    tuple[RoleName, ...],
    AfterValidator(_once),
    AfterValidator(_some),
    Field(json_schema_extra={"minItems": 1}),
]
Path = Annotated[str, AfterValidator(_path)]
Machine = Annotated[str, AfterValidator(_machine)]
User = Annotated[str, AfterValidator(_user)]
DiskName = Annotated[str, AfterValidator(_disk_name), Field(json_schema_extra={"pattern": f"^{_DISK_NAME}$"})]
SerialNumber = Annotated[str, AfterValidator(_serial)]
FindingCode = Annotated[str, AfterValidator(_finding_code)]
Reason = Annotated[str, AfterValidator(_reason)]
Port = Annotated[int, Field(ge=1, le=65535)]
Cidr = Annotated[IPv4Network, AfterValidator(_network)]
HostAddress = Annotated[
    IPv4Address,
    WithJsonSchema({"type": "string", "pattern": r"^[0-9.]*(?:\[[0-9]+-[0-9]+\][0-9.]*)*$"}),
]


class LabProvider(Model):
    """Hosts are containers on this machine, made and removed by nines."""

    kind: Literal["lab"] = "lab"
    """`lab`"""


class SshProvider(Model):
    """Hosts are machines of yours, reached by ssh."""

    kind: Literal["ssh"]
    """`ssh`"""
    user: User = "root"
    """Who logs in; root, or someone who may sudo without a password."""
    port: Port = 22
    """Port of sshd."""
    key: Path | None = None
    """Private key file; without it ssh chooses."""


class Rack(Model):
    """A place where things fail together."""

    feeds: DomainNames = ()
    """Power feeds that its hosts hang on."""
    switches: DomainNames = ()
    """Switches that its hosts are wired to."""
    zone: DomainName = "nova"
    """Availability zone of its compute hosts."""


class Network(Model):
    """One layer-2 network with one IPv4 subnet."""

    cidr: Cidr
    """The subnet, such as 10.71.0.0/24."""
    vip: IPv4Address | None = None
    """Virtual address of the API; on the management network, and there always."""
    gateway: IPv4Address | None = None
    """In a lab: this machine's end of the network, by default the first address. Else the router, if there is one."""
    mtu: Annotated[int, Field(ge=576, le=9216)] = 1500
    """Largest packet, in bytes."""
    trunk: bool = False
    """Hosts are on it by links to two switches at least, bonded, so that one may fail."""


class Bmc(Model):
    """The Redfish endpoint that can cut the host's power. Without one a dead host cannot be fenced."""

    address: Machine
    """Address or name of the board management controller."""
    port: Port = 443
    """HTTPS port of Redfish."""
    system: Annotated[str, AfterValidator(_url_path)]
    """Path of the system resource, such as /redfish/v1/Systems/1."""
    username: User
    """Redfish user who may switch the power."""
    password_file: Path
    """File on this machine that holds only the password."""
    feeds: DomainNames | None = None
    """Power feeds that it hangs on itself, where they are not its host's."""
    switches: DomainNames | None = None
    """Switches through which it is reached, where they are not its host's."""


class Disk(Model):
    """One disk for Ceph, whole: what it holds is lost when it becomes an OSD, so one that holds anything is refused."""

    device: Path | None = None
    """On real hosts: its path, better one below /dev/disk/by-id, which stays the same."""
    serial: SerialNumber | None = None
    """On real hosts: its serial number; another disk at that path is refused."""
    db: Path | None = None
    """On real hosts: a faster device, or a partition of one, for the OSD's metadata and journal (block.db)."""
    gigabytes: Annotated[int, Field(ge=MIN_DISK_GIGABYTES, le=1_000_000)] | None = None
    """Its size: in a lab, where a sparse file stands for it, 8 by default and at most 64; else for `nines check`."""
    db_gigabytes: Annotated[int, Field(ge=0, le=16)] = 0
    """In a lab: size of the faster device for block.db; 0: none."""


class HostSsh(Model):
    """What differs from the provider's ssh settings on this host."""

    address: Machine | None = None
    """By default the host's management address."""
    port: Port | None = None
    """By default the provider's."""
    user: User | None = None
    """By default the provider's."""
    key: Path | None = None
    """By default the provider's."""


class Host(Model):
    """One machine; with a range in its name, several. Then any text below may hold a range of the same length."""

    roles: Roles
    """What the host is for: control, network, compute, storage."""
    networks: dict[NetworkName, HostAddress]
    """The host's address on each network that it is on; management always."""
    rack: DomainName | None = None
    """The rack it stands in."""
    feeds: DomainNames | None = None
    """Power feeds, where they are not its rack's."""
    switches: DomainNames | None = None
    """Switches, where they are not its rack's."""
    disks: dict[DiskName, Annotated[Disk, BeforeValidator(_empty)]] = {}
    """Disks that Ceph may have, by a name of yours that stays with the disk; role storage only."""
    bmc: Bmc | None = None
    """How its power is cut; provider ssh only, in a lab it is made."""
    cores: Annotated[int, Field(ge=1, le=4096)] | None = None
    """How many it has, for `nines check` to count."""
    memory_gigabytes: Annotated[int, Field(ge=1, le=65536)] | None = None
    """How much it has, for `nines check` to count."""
    ssh: HostSsh | None = None
    """How it is reached; provider ssh only."""


class ServiceChoice(BaseModel):
    """How one service is kept available, and its own options."""

    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True)

    strategy: StrategyName | None = None
    """One of those that suit the service; its first by default."""

    @property
    def options(self) -> dict[str, object]:
        """Every other key, not yet validated: the service's own `Options` does that."""
        return dict(self.model_extra or {})


class Load(Model):
    """What the cloud is to carry, for `nines check` to hold against what it has."""

    guest_vcpus: Annotated[int, Field(ge=0)] | None = None
    """Virtual processors of all guests together."""
    guest_memory_gigabytes: Annotated[int, Field(ge=0)] | None = None
    """Memory of all guests together."""
    stored_gigabytes: Annotated[int, Field(ge=0)] | None = None
    """Data in Ceph, before copies."""
    requests_at_once: Annotated[int, Field(ge=0)] | None = None
    """Requests that the busiest API serves at the same time at its worst."""


class Spec(Model):
    """A cloud: its hosts, networks, failure domains and how its services are kept available."""

    model_config = ConfigDict(title="fournines cloud")

    name: CloudName
    """Name of the cloud, as in `--os-cloud NAME`."""
    sla: Annotated[float, Field(gt=0, lt=100, allow_inf_nan=False)] = 99.99
    """Availability promised, in per cent."""
    region: DomainName = "RegionOne"
    """Keystone region."""
    cell: DomainName = "cell1"
    """Nova cell."""
    provider: Annotated[LabProvider | SshProvider, Discriminator("kind")] = LabProvider()
    """Where hosts come from: {kind: lab} on this machine, {kind: ssh} yours."""
    feeds: DomainNames = ()
    """Names of the power feeds."""
    switches: DomainNames = ()
    """Names of the switches."""
    racks: dict[DomainName, Rack] = {}
    """Racks by name; a name may hold a range."""
    networks: dict[NetworkName, Network]
    """Networks by name: management (required), tunnel, storage, external."""
    hosts: Annotated[dict[HostName, Host], Field(min_length=1)]
    """Hosts by name; a name may hold a range, such as c[1-3]."""
    services: dict[str, Annotated[ServiceChoice, BeforeValidator(_empty)]] = {}
    """Choices for single services; one that is not named has its defaults."""
    load: Load = Load()
    """What the cloud is to carry."""
    rates: Rates = Rates()
    """How often parts fail, where you know better than the defaults of `nines predict`."""
    timers: dict[str, object] = {}
    """Timers of failovers, where yours are not those of the provider's kind; see `nines explain TIME-BUDGET`."""
    accept: dict[FindingCode, Reason] = {}
    """Findings of `nines check` that you accept, by code, and why: they no longer keep `nines up` from building."""

    def gateway(self, network: str) -> IPv4Address | None:
        """The network's gateway, given or by default. Raises KeyError."""
        declared = self.networks[cast("NetworkName", network)]
        if declared.gateway is None and self.provider.kind == "lab":
            return declared.cidr.network_address + 1
        return declared.gateway


ServiceModels = Mapping[str, tuple[type[BaseModel], tuple[str, ...]]]
"""Service -> the model of its options, and the names of the strategies that suit it."""


def json_schema(services: ServiceModels | None = None, timers: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The JSON Schema of a cloud file, for editors. With `services`, those are the only ones, with their options; with
    `timers`, their properties by name."""
    schema: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Spec.model_json_schema()}
    # Editors complete the names of properties, not those of propertyNames.
    for networks in (schema["properties"]["networks"], schema["$defs"]["Host"]["properties"]["networks"]):
        names = networks.pop("propertyNames")["enum"]
        networks["properties"] = dict.fromkeys(names, networks["additionalProperties"])
        networks |= {"additionalProperties": False, "required": ["management"]}
    if timers is not None:
        schema["properties"]["timers"] |= {"properties": dict(timers), "additionalProperties": False}
    if services is not None:
        entries: dict[str, Any] = {}
        for name, (options, strategies) in services.items():
            entry = options.model_json_schema(ref_template=f"#/$defs/{name}.{{model}}")
            schema["$defs"] |= {f"{name}.{model}": found for model, found in entry.pop("$defs", {}).items()}
            strategy = {"enum": list(strategies), "description": "How the service is kept available."}
            entries[name] = {**entry, "properties": {"strategy": strategy, **entry.get("properties", {})}}
        schema["properties"]["services"] |= {"properties": entries, "additionalProperties": False}
    return schema
