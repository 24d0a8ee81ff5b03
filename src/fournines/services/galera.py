"""MariaDB with Galera: one writer, synchronous copies, no acknowledged row lost.

Clients never connect to a member: they go through `haproxy_local` on their own host, which keeps to one writer.
Founding and rejoining is each member's own business (`onhost/galera_rule.py`), so that the cluster comes back
after a blackout without `nines` and without a human.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Literal

from fournines.cloud.columns import Letter
from fournines.cloud.model import Cloud, Failover, Host, Needs, Placement
from fournines.cloud.ports import Port, Proxy
from fournines.cloud.strategies import EXTERNAL, QUORUM_PROXIED, SHARED_DISK
from fournines.cloud.timers import Timers
from fournines.converge.resources import Directory, File, Resource, Unit
from fournines.converge.steps import Check, Command, Http, Step
from fournines.services import Certificate, Said, Service, Trial, VoterOptions
from fournines.services._render import on_host, template, unit
from fournines.services._tls import authority_file, pem_file
from fournines.state import Vault

PORT = 3306
HEALTH_PORT = 9200
_PROBE = "nines_probe"
_PROBE_CONF = "/etc/fournines/galera-client.cnf"
_REPLICATION_PORT = 4567
_CNF = "/etc/mysql/mariadb.conf.d/90-fournines.cnf"
_MEMBER = "/usr/local/lib/fournines/galera_member.py"
_MEMBER_CONF = "/etc/fournines/galera-member.json"
_UNIT = "/etc/systemd/system/mariadb.service"
_MEMBER_UNIT = "/etc/systemd/system/galera-member.service"
_PEM = "/etc/mysql/tls/member.pem"
_SHELL = "/usr/local/lib/fournines/sst-shell"
TRIAL_TABLE = (
    "CREATE DATABASE IF NOT EXISTS fournines;"
    "CREATE TABLE IF NOT EXISTS fournines.trial (host VARCHAR(255) PRIMARY KEY, at DATETIME(6) NOT NULL)"
)


class GaleraOptions(VoterOptions):
    buffer_pool_megabytes: int = 96
    log_megabytes: int = 48
    max_connections: int = 1500
    """All daemons of a default cloud, busy at the same time, open about 1300."""
    applier_threads: int = 4
    gcache_megabytes: int = 128
    """How much history a member keeps for a rejoining one; too little turns a short absence into a full copy."""
    disk: Literal["drbd", "shared"] = "drbd"
    """Of the strategy active-backup: a disk that the hosts copy to each other, or one that both reach."""


class Galera(Service):
    """Facts: status, uuid, conf_id, size, state, ready (of the member), writer (host seen through its local proxy)."""

    name = "galera"
    strategies = (QUORUM_PROXIED,)
    designs = (SHARED_DISK, EXTERNAL)
    needs = (Needs("corosync", soft=True),)
    failover = Failover("database_failover")
    proxy = Proxy(PORT, check_port=HEALTH_PORT, one_writer=True)
    # Full copies, replication, what a returning member missed.
    ports = (Port(4444), Port(4567), Port(4568))
    packages = ("mariadb-server", "mariadb-client", "mariadb-backup", "galera-4", "rsync", "socat", "python3-pymysql")
    options = GaleraOptions
    log_units = ("mariadb.service", "galera-member.service")
    # Peers go on asking galera-member.
    leaves = ("mariadb.service",)
    primary = "writer"

    def fault_class(self, unit: str) -> Letter:
        return "C" if unit == "mariadb.service" else "A"

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
                provider_options=_provider_options(cloud.timers, options, authority_file(cloud)),
                authority=authority_file(cloud),
                pem=_PEM,
            ),
        )
        yield Directory(path="/etc/mysql/tls", owner="mysql", group="mysql", mode=0o700)
        for certificate in self.certificates(cloud, host):
            yield pem_file(vault, certificate, owner="mysql")
        yield Directory(path="/etc/fournines")
        yield Directory(path="/usr/local/lib/fournines")
        yield File(path=_MEMBER, content=on_host("galera_member.py", after="galera_rule.py"))
        members = {other.name: other.management for other in hosts}
        yield File(path=_MEMBER_CONF, content=json.dumps({"name": host.name, "members": members}, indent=1) + "\n")
        yield File(
            path=_PROBE_CONF,
            content=f"[client]\nhost = 127.0.0.1\nuser = {_PROBE}\npassword = {vault.password('database nines')}\n",
            mode=0o600,
            secret=True,
        )
        yield File(path=_SHELL, content=_SST_SHELL)
        yield File(path=_UNIT, content=_mariadb_unit())
        yield File(path=_MEMBER_UNIT, content=_member_unit())
        yield Unit(name="galera-member.service", reads=(_MEMBER, _MEMBER_CONF, _MEMBER_UNIT))
        yield Unit(name="mariadb.service", reads=(_CNF, _UNIT), reload_reads=(_PEM,))

    def certificates(self, cloud: Cloud, host: Host) -> Iterable[Certificate]:
        # 127.0.0.1: where each host's own proxy leads its clients to a member.
        yield Certificate(f"galera-{host.name}", (host.management, host.name, "127.0.0.1"), _PEM, _REPLICATION_PORT)

    def health(self, cloud: Cloud, host: Host) -> Check:
        return Http(awaits="its Galera member to be synced", url=f"http://{host.management}:{HEALTH_PORT}/")

    def facts(self, cloud: Cloud, host: Host) -> Command:
        return Command(awaits="Galera's own view", argv=("python3", "-"), stdin=on_host("galera_facts.py"), timeout=6)

    def trial(self, cloud: Cloud, host: Host) -> Trial:
        return Trial(Command(awaits="Galera to commit a row", argv=("python3", "-"), stdin=on_host("galera_trial.py")))

    def quorum(self, said: Said) -> tuple[int, str]:
        """Ready members of the largest primary component: members of one name the same cluster and view."""
        views: dict[tuple[Any, Any], int] = {}
        for facts in said.values():
            if facts.get("status") == "Primary" and facts.get("ready") is True:
                view = facts.get("uuid"), facts.get("conf_id")
                views[view] = views.get(view, 0) + 1
        if len(views) > 1:
            return 0, f"{len(views)} primary components"
        ready = max(views.values(), default=0)
        writers = sorted({str(facts["writer"]) for facts in said.values() if facts.get("writer")})
        return ready, f"{ready} of {len(said)} ready" + (f", writer {', '.join(writers)}" if writers else "")

    def steps(self, cloud: Cloud, vault: Vault) -> Iterable[Step]:
        yield Step(
            name="let nines ask the database who the writer is",
            host=cloud.services[self.name].hosts[0].name,
            done=Command(
                awaits=f"the database user {_PROBE}",
                argv=("sh", "-c", "mariadb -N -B | grep -q 1"),
                stdin=f"SELECT 1 FROM mysql.global_priv WHERE user = '{_PROBE}'",
            ),
            run=Command(
                awaits="",
                argv=("mariadb",),
                stdin=f"CREATE OR REPLACE USER '{_PROBE}'@'%' IDENTIFIED BY '{vault.password('database nines')}'",
                secret=True,
            ),
        )
        yield Step(
            name="make the table in which drills try to write",
            host=cloud.services[self.name].hosts[0].name,
            done=Command(
                awaits="the table of drills",
                argv=("sh", "-c", "mariadb -N -B | grep -q 1"),
                stdin="SELECT 1 FROM information_schema.tables"
                " WHERE table_schema = 'fournines' AND table_name = 'trial'",
            ),
            run=Command(awaits="", argv=("mariadb",), stdin=TRIAL_TABLE),
        )

    def rolling_order(self, placement: Placement) -> tuple[Host, ...]:
        """The preferred writer last: its clients move once."""
        return tuple(reversed(placement.hosts))


def tables(cells: int, only: Iterable[str] = ()) -> Command:
    """What a member holds, to be compared with the others': JSON, as `read` in `onhost/galera_tables.py` says."""
    return Command(
        awaits="the contents of all tables",
        argv=("python3", "-", str(cells), *only),
        stdin=on_host("galera_tables.py"),
        timeout=75,
    )


# wsrep_sst_mariabackup lets its joiner listen again by sleeping for 10 s in every transfer. `sockopt` in the [sst]
# section has socat try again instead.
_SST_SHELL = """\
# Read by the bash that runs wsrep_sst_mariabackup.
sleep() { [ "$1" = 10 ] || command sleep "$@"; }
"""


def _provider_options(timers: Timers, options: GaleraOptions, authority: str) -> str:
    return ";".join(
        [
            f"socket.ssl_ca={authority}",
            f"socket.ssl_cert={_PEM}",
            f"socket.ssl_key={_PEM}",
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


_RELOAD = "SET GLOBAL wsrep_provider_socket_ssl_reload = ON; FLUSH LOCAL SSL"


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
            ("Environment", f"BASH_ENV={_SHELL}"),
            ("EnvironmentFile", "-/run/mysqld/galera-start.env"),
            ("ExecStart", "/usr/sbin/mariadbd $GALERA_OPTIONS"),
            ("ExecStop", f"/usr/bin/python3 {_MEMBER} leave"),
            ("ExecStartPost", "/bin/rm -f /run/mysqld/galera-start.env"),
            # New connections of either kind show the certificate that now lies there; those that stand stay. Asked
            # without TLS, over its socket: who looks at the old certificate could not renew one that has expired.
            ("ExecReload", f'/usr/bin/mariadb --skip-ssl -e "{_RELOAD}"'),
            # How long a start may take is for those who wait for it to bound: a full copy takes what it takes.
            ("TimeoutStartSec", "infinity"),
            ("TimeoutStopSec", "30"),
            ("Restart", "always"),
            ("RestartSec", "2"),
            ("Environment", "MALLOC_ARENA_MAX=4"),
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
