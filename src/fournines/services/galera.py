"""MariaDB with Galera: one writer, synchronous copies, no acknowledged row lost.

Clients never connect to a member: they go through `haproxy_db` on their own host, which keeps to one writer.
Founding and rejoining is each member's own business (`onhost/galera_member.py`), so that the cluster comes back
after a blackout without `nines` and without a human.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from fournines.cloud.model import Cloud, Host, Needs, Placement
from fournines.cloud.strategies import QUORUM_PROXIED
from fournines.cloud.timers import Timers
from fournines.converge.resources import Directory, File, Resource, Unit
from fournines.converge.steps import Check, Command, Http
from fournines.services import Options, Service
from fournines.services._render import on_host, template, unit
from fournines.state import Vault

HEALTH_PORT = 9200
_CNF = "/etc/mysql/mariadb.conf.d/90-fournines.cnf"
_MEMBER = "/usr/local/lib/fournines/galera_member.py"
_MEMBER_CONF = "/etc/fournines/galera-member.json"
_UNIT = "/etc/systemd/system/mariadb.service"
_MEMBER_UNIT = "/etc/systemd/system/galera-member.service"


class GaleraOptions(Options):
    buffer_pool_megabytes: int = 96
    log_megabytes: int = 48
    max_connections: int = 1000
    applier_threads: int = 4
    gcache_megabytes: int = 128
    """How much history a member keeps for a rejoining one; too little turns a short absence into a full copy."""


class Galera(Service):
    """Facts: status, uuid, conf_id, size, state, ready (of the member), writer (host seen through its local proxy)."""

    name = "galera"
    strategies = (QUORUM_PROXIED,)
    needs = (Needs("corosync", soft=True),)
    packages = ("mariadb-server", "mariadb-client", "mariadb-backup", "galera-4", "rsync", "socat", "python3-pymysql")
    options = GaleraOptions
    log_units = ("mariadb.service", "galera-member.service")

    def resources(self, cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
        placement = cloud.services[self.name]
        options = GaleraOptions.model_validate(placement.options)
        hosts = placement.hosts
        yield File(
            path=_CNF,
            content=template(
                "galera.cnf.j2",
                cloud=cloud,
                host=host,
                hosts=hosts,
                options=options,
                donors=[other.name for other in reversed(hosts) if other is not host],
                provider_options=_provider_options(cloud.timers, options),
            ),
        )
        yield Directory(path="/etc/fournines")
        yield Directory(path="/usr/local/lib/fournines")
        yield File(path=_MEMBER, content=on_host("galera_member.py"))
        members = {other.name: other.management for other in hosts}
        yield File(path=_MEMBER_CONF, content=json.dumps({"name": host.name, "members": members}, indent=1) + "\n")
        yield File(path=_UNIT, content=_mariadb_unit())
        yield File(path=_MEMBER_UNIT, content=_member_unit())
        yield Unit(name="galera-member.service", reads=(_MEMBER, _MEMBER_CONF, _MEMBER_UNIT))
        yield Unit(name="mariadb.service", reads=(_CNF, _UNIT))

    def health(self, cloud: Cloud, host: Host) -> Check:
        return Http(awaits="its Galera member to be synced", url=f"http://{host.management}:{HEALTH_PORT}/")

    def facts(self, cloud: Cloud, host: Host) -> Command:
        return Command(awaits="Galera's own view", argv=("python3", "-"), stdin=on_host("galera_facts.py"), timeout=6)

    def rolling_order(self, placement: Placement) -> tuple[Host, ...]:
        """The preferred writer last: its clients move once."""
        return tuple(reversed(placement.hosts))


def _provider_options(timers: Timers, options: GaleraOptions) -> str:
    return ";".join(
        [
            f"gcache.size={options.gcache_megabytes}M",
            "gcache.recover=yes",
            "evs.keepalive_period=PT0.5S",
            "evs.inactive_check_period=PT0.5S",
            f"evs.suspect_timeout=PT{timers.evs_suspect:g}S",
            f"evs.inactive_timeout=PT{timers.evs_inactive:g}S",
            f"evs.install_timeout=PT{timers.evs_inactive:g}S",
            f"gmcast.peer_timeout=PT{timers.evs_suspect:g}S",
            "pc.recovery=TRUE",
        ]
    )


def _mariadb_unit() -> str:
    # Debian's unit never kills a mariadbd that hangs in stop, and founds no cluster; ours does both.
    return unit(
        "MariaDB, a Galera member",
        unit=[
            ("After", "network.target galera-member.service"),
            ("Wants", "galera-member.service"),
            ("StartLimitIntervalSec", "0"),
        ],
        service=[
            ("Type", "notify"),
            ("User", "mysql"),
            ("Group", "mysql"),
            ("RuntimeDirectory", "mysqld"),
            ("RuntimeDirectoryMode", "0755"),
            ("RuntimeDirectoryPreserve", "yes"),
            ("ExecStartPre", f"/usr/bin/python3 {_MEMBER} start"),
            ("EnvironmentFile", "-/run/mysqld/galera-start.env"),
            ("ExecStart", "/usr/sbin/mariadbd $GALERA_OPTIONS"),
            ("ExecStop", f"/usr/bin/python3 {_MEMBER} leave"),
            ("ExecStartPost", "/bin/rm -f /run/mysqld/galera-start.env"),
            # How long a start may take is for those who wait for it to bound: a full copy takes what it takes.
            ("TimeoutStartSec", "infinity"),
            ("TimeoutStopSec", "30"),
            ("Restart", "always"),
            ("RestartSec", "2"),
            ("LimitNOFILE", "65536"),
            ("OOMScoreAdjust", "-600"),
            ("UMask", "007"),
        ],
    )


def _member_unit() -> str:
    return unit(
        "Galera member: health for HAProxy, position for its peers",
        unit=[("After", "network.target"), ("StartLimitIntervalSec", "0")],
        service=[
            ("User", "mysql"),
            ("ExecStart", f"/usr/bin/python3 {_MEMBER} serve"),
            ("Restart", "always"),
            ("RestartSec", "1"),
        ],
    )
