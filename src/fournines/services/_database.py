"""A service's own database on Galera: created, granted, migrated once per package version."""

from __future__ import annotations

from fournines.cloud.model import Cloud, Needs
from fournines.converge.steps import Command, Step
from fournines.state import Vault

NEEDS = (Needs("galera", "majority"), Needs("haproxy-local", "local"))
"""What a service with a database stands on."""


def url(cloud: Cloud, vault: Vault, service: str) -> str:
    """SQLAlchemy URL through the host's own proxy. PyMySQL without these timeouts hangs for minutes on a dead peer."""
    timers = cloud.timers
    return (
        f"mysql+pymysql://{service}:{vault.password(f'database {service}')}@127.0.0.1:3306/{service}?charset=utf8"
        f"&connect_timeout={timers.database_connect:g}"
        f"&read_timeout={timers.database_read:g}&write_timeout={timers.database_read:g}"
    )


def oslo_options(cloud: Cloud, vault: Vault, service: str) -> dict[str, str | int]:
    """The `[database]` section."""
    return {
        "connection": url(cloud, vault, service),
        "max_retries": -1,
        "db_retry_interval": 1,
        "max_pool_size": 5,
        "max_overflow": 20,
        "connection_recycle_time": 280,
    }


def create(cloud: Cloud, vault: Vault, service: str) -> Step:
    """The database and its user, with the vault's password."""
    password = vault.password(f"database {service}")
    return Step(
        name=f"create the {service} database",
        host=cloud.services["galera"].hosts[0].name,
        when="before",
        done=Command(
            awaits=f"the {service} database",
            argv=("sh", "-c", "mariadb -N -B | grep -q 1"),
            stdin=(
                "SELECT 1 FROM information_schema.schemata s JOIN mysql.global_priv u"
                f" WHERE s.schema_name = '{service}' AND u.user = '{service}'"
                f" AND EXISTS (SELECT 1 FROM mysql.db d WHERE d.db = '{service}' AND d.user = '{service}')"
            ),
        ),
        run=Command(
            awaits="",
            argv=("mariadb",),
            stdin=(
                f"CREATE DATABASE IF NOT EXISTS {service} CHARACTER SET utf8mb3;"
                f"CREATE OR REPLACE USER '{service}'@'%' IDENTIFIED BY '{password}';"
                f"GRANT ALL ON {service}.* TO '{service}'@'%';"
            ),
            secret=True,
        ),
    )


def migrate(cloud: Cloud, service: str, package: str, command: str) -> Step:
    """Run the service's schema migration once for each version of its package; `command` runs as the service's user.

    The version migrated to is kept in the database itself, next to what it describes.
    """
    version = f"$(dpkg-query -W -f '${{Version}}' {package})"
    return Step(
        name=f"migrate the {service} schema",
        host=cloud.services["galera"].hosts[0].name,
        when="before",
        done=Command(
            awaits=f"the {service} schema of this version",
            argv=(
                "sh",
                "-c",
                f"mariadb -N -B -e \"SELECT version FROM fournines.migration WHERE service = '{service}'\" "
                f'2>/dev/null | grep -qxF "{version}"',
            ),
        ),
        run=Command(
            awaits="",
            argv=(
                "sh",
                "-ec",
                f"su -s /bin/sh {service} -c '{command}'\n"
                'mariadb -e "CREATE DATABASE IF NOT EXISTS fournines; CREATE TABLE IF NOT EXISTS fournines.migration '
                "(service VARCHAR(64) PRIMARY KEY, version VARCHAR(128) NOT NULL); "
                f"REPLACE INTO fournines.migration VALUES ('{service}', '{version}')\"",
            ),
            timeout=300,
        ),
    )
