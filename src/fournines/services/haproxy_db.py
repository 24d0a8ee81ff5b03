"""HAProxy on each controller, under systemd, before the database: 127.0.0.1:3306 leads to the one writer.

Apart from the API's HAProxy on purpose: Pacemaker may stop that one (standby) while the host's own daemons still
need their database.
"""

from __future__ import annotations

from collections.abc import Iterable

from fournines.cloud.model import Cloud, Host, Needs
from fournines.cloud.strategies import LOCAL
from fournines.converge.resources import Directory, File, Resource, Unit
from fournines.converge.steps import Check, Command, Step
from fournines.services import Service
from fournines.services._render import template, unit
from fournines.services.galera import HEALTH_PORT
from fournines.state import Vault

_CFG = "/etc/haproxy/database.cfg"
_UNIT = "/etc/systemd/system/haproxy-db.service"
_CLIENT = "/etc/fournines/haproxy-db-client.cnf"
USER = "nines_probe"


class HaproxyDb(Service):
    name = "haproxy-db"
    strategies = (LOCAL,)
    needs = (Needs("galera", "majority"),)
    packages = ("haproxy",)
    log_units = ("haproxy-db.service",)

    def resources(self, cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
        hosts = cloud.services["galera"].hosts
        yield File(
            path=_CFG,
            content=template("haproxy-db.cfg.j2", timers=cloud.timers, hosts=hosts, health_port=HEALTH_PORT),
        )
        yield Directory(path="/etc/fournines")
        yield File(
            path=_CLIENT,
            content=f"[client]\nhost = 127.0.0.1\nuser = {USER}\npassword = {vault.password('database nines')}\n",
            mode=0o600,
            secret=True,
        )
        yield File(path=_UNIT, content=_unit())
        yield Unit(name="haproxy-db.service", reads=(_UNIT,), reload_reads=(_CFG,))

    def steps(self, cloud: Cloud, vault: Vault) -> Iterable[Step]:
        first = cloud.services["galera"].hosts[0]
        yield Step(
            name="let nines ask the database who the writer is",
            host=first.name,
            when="before",
            done=Command(
                awaits=f"the database user {USER}",
                argv=("sh", "-c", "mariadb -N -B | grep -q 1"),
                stdin=f"SELECT 1 FROM mysql.global_priv WHERE user = '{USER}'",
            ),
            run=Command(
                awaits="",
                argv=("mariadb",),
                stdin=f"CREATE OR REPLACE USER '{USER}'@'%' IDENTIFIED BY '{vault.password('database nines')}'",
                secret=True,
            ),
        )

    def health(self, cloud: Cloud, host: Host) -> Check:
        return Command(
            awaits="the database proxy to reach the writer",
            argv=("mariadb", f"--defaults-extra-file={_CLIENT}", "--connect-timeout=2", "-N", "-B"),
            stdin="SELECT @@wsrep_node_name",
            timeout=5,
        )


def _unit() -> str:
    return unit(
        "HAProxy before the database",
        unit=[("After", "network.target"), ("StartLimitIntervalSec", "0")],
        service=[
            ("Type", "notify"),
            ("ExecStartPre", f"/usr/sbin/haproxy -q -c -f {_CFG}"),
            ("ExecStart", f"/usr/sbin/haproxy -Ws -f {_CFG} -p /run/haproxy-db.pid"),
            ("ExecReload", f"/usr/sbin/haproxy -q -c -f {_CFG}"),
            ("ExecReload", "/bin/kill -USR2 $MAINPID"),
            ("KillMode", "mixed"),
            ("SuccessExitStatus", "143"),
            ("Restart", "always"),
            ("RestartSec", "1"),
        ],
    )
