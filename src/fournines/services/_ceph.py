"""What Ceph's daemons and its clients are told alike: the configuration, keys, pools, the map of OSDs.

Keys, the cluster's id and the numbers of OSDs come from the vault, so all of it is plain data before any daemon runs.
Messages are encrypted (msgr2 in secure mode; the old protocol is off), each client's key opens its own pools only.
"""

from __future__ import annotations

import base64
import json
import struct
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import Field, model_validator

from fournines.cloud.model import Cloud, Disk, Host, Needs
from fournines.converge.resources import Directory, File, Resource
from fournines.converge.steps import Command, Step
from fournines.services import Options
from fournines.services._render import IniValue, ini, on_host, unit
from fournines.state import Vault

NEEDS = (Needs("ceph-osd", "all-but-one", optional=True, changes=True),)
"""What stands on Ceph where the cloud has it."""
CLIENT_PACKAGES = ("ceph-common", "python3-rados", "python3-rbd")
CONF = "/etc/ceph/ceph.conf"
MON_PORT = 3300
OSD_PORTS = (6800, 7300)
MGR_PORTS = (7301, 7320)
LIBRARY = "/usr/local/lib/fournines"
SOCKETS = ("ExecStartPre", "/usr/bin/install -d -m 0770 -o ceph -g ceph /run/ceph")
"""Of a unit. Not RuntimeDirectory: that is root's for a moment at each start of any of them, in which another one, that
has given root up by itself, cannot make its socket."""
_ADMIN = "/etc/ceph/ceph.client.admin.keyring"
_LAB_MEMORY_MB, _MEMORY_MB = 896, 4096


class CephOptions(Options):
    size: int = Field(default=3, ge=2, le=6)
    """Copies of each piece of data."""
    min_size: int = Field(default=2, ge=1)
    """Copies that must be there before a write is taken; with fewer, clients wait."""
    failure_domain: Literal["host", "rack"] = "host"
    """No two copies in one of these."""
    osd_memory_megabytes: int | None = Field(default=None, ge=_LAB_MEMORY_MB)
    """What an OSD may take. Default 4096; 896 in a lab, whose OSDs take far less."""

    @model_validator(mode="after")
    def _fewer_than_all(self) -> CephOptions:
        if self.min_size > self.size:
            raise ValueError(f"min_size {self.min_size} is above size {self.size}: no write could ever be taken")
        return self

    @property
    def majority(self) -> int:
        """Copies of which no two sets are apart: what `min_size` had best be."""
        return self.size // 2 + 1


@dataclass(frozen=True, slots=True)
class Osd:
    """One disk's daemon."""

    id: int
    host: Host
    disk: Disk
    uuid: str

    @property
    def unit(self) -> str:
        return f"ceph-osd@{self.id}.service"


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool with the cloud's size, min_size and failure domain."""

    name: str
    application: str = "rbd"
    share: float = 1
    """Of the data, as compared with other pools: it gets that much of the placement groups."""


@dataclass(frozen=True, slots=True)
class Client:
    """A user of Ceph: what is its own there, and what it may do."""

    user: str
    """Without `client.`."""
    caps: Mapping[str, str]
    """By kind of daemon: mon, osd, mgr."""
    pools: tuple[Pool, ...] = ()


def rbd_caps(*pools: str, reads: Iterable[str] = ()) -> Mapping[str, str]:
    """What a client of block devices may do: all in these pools, read in those."""
    own = ", ".join(f"profile rbd pool={pool}" for pool in pools)
    return {
        "mgr": own,
        "mon": "profile rbd",
        "osd": ", ".join([own, *(f"profile rbd-read-only pool={pool}" for pool in reads)]),
    }


def used(cloud: Cloud) -> bool:
    """Whether the cloud has a Ceph of its own."""
    return "ceph-osd" in cloud.services


def options(cloud: Cloud) -> CephOptions:
    return CephOptions.model_validate(cloud.services["ceph"].options)


def network(cloud: Cloud) -> str:
    """Name of the network that clients and daemons of Ceph meet on."""
    return "storage" if "storage" in cloud.networks else "management"


def fsid(vault: Vault) -> str:
    """The cluster's id."""
    return str(uuid.UUID(bytes=vault.key("ceph fsid", 16), version=4))


def cephx(vault: Vault, entity: str) -> str:
    """The key of a daemon or client, such as `client.glance`, in Ceph's own form: type, time of making, length."""
    return base64.b64encode(struct.pack("<hiih", 1, 1, 0, 16) + vault.key(f"ceph {entity}", 16)).decode()


def secret_uuid(vault: Vault, user: str) -> str:
    """What libvirt on compute hosts calls the key of that user."""
    return str(uuid.uuid5(uuid.UUID(fsid(vault)), f"client.{user}"))


def osds(cloud: Cloud, vault: Vault) -> tuple[Osd, ...]:
    """Every OSD of the cloud. A disk keeps its number for ever; one by another name is another OSD."""
    return tuple(
        Osd(
            vault.number("osd", f"{host.name}/{disk.name}"),
            host,
            disk,
            str(uuid.uuid5(uuid.UUID(fsid(vault)), f"{host.name}/{disk.name}")),
        )
        for host in cloud.services["ceph-osd"].hosts
        for disk in host.disks
    )


# --- files ---


def keyring_path(user: str) -> str:
    return f"/etc/ceph/ceph.client.{user}.keyring"


def keyring(vault: Vault, entity: str) -> str:
    return ini({entity: {"key": cephx(vault, entity)}})


def client_files(cloud: Cloud, host: Host, vault: Vault, user: str, owner: str) -> Iterable[Resource]:
    """What a client on that host reads: the configuration, and its key, which only that Unix user may."""
    yield from conf_files(cloud, host, vault)
    content = keyring(vault, f"client.{user}")
    yield File(path=keyring_path(user), content=content, owner=owner, group=owner, mode=0o600, secret=True)


def conf_files(cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
    yield Directory(path="/etc/ceph")
    yield File(path=CONF, content=host_conf(cloud, host, vault))


def admin_files(vault: Vault) -> Iterable[Resource]:
    """The key to everything: on hosts with a mon, which could make it anyway."""
    yield File(path=_ADMIN, content=keyring(vault, "client.admin"), mode=0o600, secret=True)


def host_conf(cloud: Cloud, host: Host, vault: Vault) -> str:
    """ceph.conf, one content a host, for daemons and clients alike."""
    chosen, timers, lab = options(cloud), cloud.timers, cloud.provider == "lab"
    mons = (f"v2:{mon.addresses[network(cloud)]}:{MON_PORT}" for mon in cloud.services["ceph"].hosts)
    modes = ("ms_cluster_mode", "ms_service_mode", "ms_client_mode")
    modes += ("ms_mon_cluster_mode", "ms_mon_service_mode", "ms_mon_client_mode")
    # To the journal, and there each line once.
    log: dict[str, IniValue] = {"log_to_file": False, "log_to_stderr": True, "debug_rocksdb": "1/5"}
    memory = chosen.osd_memory_megabytes or (_LAB_MEMORY_MB if lab else _MEMORY_MB)
    return ini(
        {
            "global": {
                "fsid": fsid(vault),
                "mon_host": ",".join(f"[{mon}]" for mon in mons),
                "public_network": str(cloud.networks[network(cloud)].cidr),
                "ms_bind_ipv6": False,
                "ms_bind_msgr1": False,
                **dict.fromkeys(modes, "secure"),
                "auth_allow_insecure_global_id_reclaim": False,
                "osd_pool_default_size": chosen.size,
                "osd_pool_default_min_size": chosen.min_size,
                "osd_pool_default_pg_autoscale_mode": "off" if lab else "on",
                **({"osd_pool_default_pg_num": 8, "mon_max_pg_per_osd": 500} if lab else {}),
                # Mons read some of these, OSDs others, and both must agree.
                "osd_heartbeat_interval": timers.osd_heartbeat_interval,
                "osd_heartbeat_grace": timers.osd_heartbeat_grace,
                "osd_mon_report_interval": timers.osd_mon_report_interval,
                "mon_osd_adjust_heartbeat_grace": False,
                "mon_osd_min_down_reporters": 2 if len(cloud.services["ceph-osd"].hosts) > 2 else 1,
                "mon_osd_reporter_subtree_level": "host",
                "mon_lease": timers.mon_lease,
                "mon_election_timeout": timers.mon_election_timeout,
                "mon_tick_interval": max(1, round(timers.mon_lease)),
                "paxos_propose_interval": timers.paxos_propose_interval,
                "mon_client_ping_interval": timers.mon_lease,
                "mon_client_ping_timeout": 3 * timers.mon_lease,
                "mon_client_hunt_interval": 1 if lab else 3,
            },
            "mon": {
                **log,
                # Its own default asks for a module that does not load on Debian 13.
                "mgr_initial_modules": "",
                # Else it tells the sizes of its caches every other second.
                "debug_mon": "0/5",
                "mon_data_avail_warn": 10,
                "mon_data_avail_crit": 3,
            },
            "mgr": {
                **log,
                "mgr_module_path": f"{LIBRARY}/ceph-mgr-modules",
                "ms_bind_port_min": MGR_PORTS[0],
                "ms_bind_port_max": MGR_PORTS[1],
            },
            "osd": {
                **log,
                **(_location(host) if "storage" in host.roles else {}),
                "ms_bind_port_min": OSD_PORTS[0],
                "ms_bind_port_max": OSD_PORTS[1],
                "osd_memory_target": memory << 20,
                # By default one slow operation is warned of for a day, however well all is since.
                "bluestore_slow_ops_warn_lifetime": 60 if lab else 600,
                **(_SMALL if lab else {}),
            },
            "client": {"log_to_stderr": False, "log_to_file": False},
        }
    )


# An OSD then takes 90 to 214 MB, and not 278 to 333 (measured).
_SMALL: Mapping[str, IniValue] = {
    "bluestore_cache_autotune": False,
    "bluestore_cache_size": 64 << 20,
    "osd_min_pg_log_entries": 500,
    "osd_max_pg_log_entries": 1000,
    "bluestore_rocksdb_options_annex": (
        "write_buffer_size=8388608,max_write_buffer_number=8,min_write_buffer_number_to_merge=2,"
        "max_total_wal_size=67108864"
    ),
}


def _location(host: Host) -> Mapping[str, IniValue]:
    rack = f"rack={host.rack} " if host.rack else ""
    return {"crush_location": f"root=default {rack}host={host.name}"}


def daemon_unit(kind: str, description: str, prepare: str | None = None, environment: str | None = None) -> str:
    """A template unit of our own: Debian's gives up after a few restarts, and hangs on targets that are not enabled."""
    return unit(
        f"{description} %i",
        unit=[("After", "network-online.target local-fs.target"), ("StartLimitIntervalSec", "0")],
        service=[
            ("Environment", "TCMALLOC_MAX_TOTAL_THREAD_CACHE_BYTES=33554432"),
            *([("Environment", environment)] if environment else []),
            SOCKETS,
            *([("ExecStartPre", prepare)] if prepare else []),
            ("ExecStart", f"/usr/bin/{kind} -f --cluster ceph --id %i --setuser ceph --setgroup ceph"),
            ("ExecReload", "/bin/kill -HUP $MAINPID"),
            ("LimitNOFILE", "1048576"),
            ("TasksMax", "infinity"),
            ("PrivateTmp", "true"),
            ("ProtectHome", "true"),
            ("ProtectSystem", "full"),
            ("TimeoutStartSec", "300"),
            ("TimeoutStopSec", "60"),
            ("Restart", "always"),
            ("RestartSec", "1"),
            ("OOMScoreAdjust", "-500"),
        ],
    )


def socket(daemon: str) -> str:
    """Where a daemon of the host answers, by its own configuration's default; such as `mon.s1`."""
    return f"/run/ceph/ceph-{daemon}.asok"


def answers(awaits: str, prefix: str, key: str, values: Iterable[str], daemons: Iterable[str]) -> Command:
    """Holds when each of these daemons of the host says one of `values` at `key` when asked for `prefix`."""
    argv = ("python3", "-", prefix, key, ",".join(values), *(socket(daemon) for daemon in daemons))
    return Command(awaits=awaits, argv=argv, stdin=on_host("ceph_health.py", after="ceph_ask.py"), timeout=8)


# --- what the cluster itself holds ---


def provide(
    cloud: Cloud,
    vault: Vault,
    service: str,
    *,
    pools: Iterable[Pool] = (),
    users: Mapping[str, Mapping[str, str]],
) -> Step:
    """The pools of a service, and its users: entity -> what it may do, by kind of daemon (`mon`, `osd`, `mgr`)."""
    chosen = options(cloud)
    wanted = {
        "users": {entity: {"key": cephx(vault, entity), "caps": dict(caps)} for entity, caps in users.items()},
        "rule": [_rule(chosen), chosen.failure_domain],
        "pools": {
            pool.name: {
                "application": pool.application,
                "pg_num": _pgs(cloud, pool),
                "size": chosen.size,
                "min_size": chosen.min_size,
            }
            for pool in pools
        },
    }
    return ensure(cloud, f"make the pools and users of {service} in Ceph", wanted)


def ensure(cloud: Cloud, name: str, wanted: Mapping[str, object]) -> Step:
    """What must be so in the cluster's own maps; see `onhost/ceph_ensure.py`."""

    def does(what: str, timeout: float) -> Command:
        source = on_host("ceph_ensure.py", after="ceph_ask.py")
        return Command(
            awaits="what it asks of Ceph to be so",
            argv=("python3", "-c", source, what),
            stdin=json.dumps(wanted),
            timeout=timeout,
            secret="users" in wanted or "osds" in wanted,
        )

    return Step(
        name=name,
        host=cloud.services["ceph"].hosts[0].name,
        when="before",
        done=does("check", 15),
        run=does("apply", 90),
    )


def _rule(chosen: CephOptions) -> str:
    return f"replicated_{chosen.failure_domain}"


def _pgs(cloud: Cloud, pool: Pool) -> int:
    """A power of two. On real hosts the autoscaler goes on from there."""
    least = 4 if cloud.provider == "lab" else 16
    return least * 2 ** max(0, round(pool.share).bit_length() - 1)
