"""A service's own databases on Galera: created, granted, their schema made once for each version of its package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fournines.cloud.model import Cloud, Host, Needs
from fournines.converge.steps import Command, Keep, Step
from fournines.services._render import on_host
from fournines.state import Vault

NEEDS = (Needs("galera", "majority"), Needs("haproxy-local", "local"))
"""What a service with a database stands on."""
POOL, OVERFLOW = 5, 20
"""Connections that each pool keeps open, and may open besides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """The databases of one service, which share a user of the service's name."""

    service: str
    schemas: tuple[str, ...]
    package: str
    """Debian package that brings the schema's migrations."""
    conf: str | None
    """The service's oslo configuration file with the URLs of its databases."""
    migrate: str
    """Shell command, run as the service's Unix user, that brings the schema up to that package."""
    upgrade: str | None = None
    """The same for databases that are not empty, where that is another command."""
    copies: Mapping[str, str] = field(default_factory=dict[str, str])
    """Schema -> another one of the same shape, which is made from nothing by copying it."""


def url(cloud: Cloud, vault: Vault, service: str, schema: str | None = None) -> str:
    """SQLAlchemy URL through the host's own proxy. PyMySQL without these timeouts hangs for minutes on a dead peer."""
    timers = cloud.timers
    password = vault.password(f"database {service}")
    return (
        f"mysql+pymysql://{service}:{password}@127.0.0.1:3306/{schema or service}?charset=utf8"
        f"&connect_timeout={timers.database_connect:g}"
        f"&read_timeout={timers.database_read:g}&write_timeout={timers.database_read:g}"
    )


def oslo_options(cloud: Cloud, vault: Vault, service: str, schema: str | None = None) -> dict[str, str | int]:
    """The `[database]` section, or one like it."""
    return {
        "connection": url(cloud, vault, service, schema),
        "max_retries": -1,
        "db_retry_interval": 1,
        "max_pool_size": POOL,
        "max_overflow": OVERFLOW,
        "connection_recycle_time": 280,
    }


def create(cloud: Cloud, vault: Vault, database: Database) -> Step:
    """The databases and their user, with the vault's password."""
    user, schemas = database.service, database.schemas
    password = vault.password(f"database {user}")
    names = ", ".join(f"'{schema}'" for schema in schemas)
    made = "".join(
        f"CREATE DATABASE IF NOT EXISTS {schema} CHARACTER SET utf8mb3;GRANT ALL ON {schema}.* TO '{user}'@'%';"
        for schema in schemas
    )
    return Step(
        name=f"create the {user} database",
        host=cloud.services["galera"].hosts[0].name,
        when="before",
        done=sql(
            f"the {user} database",
            "SELECT count(*) FROM information_schema.schemata s JOIN mysql.db d ON d.db = s.schema_name"
            f" WHERE s.schema_name IN ({names}) AND d.user = '{user}'",
            str(len(schemas)),
        ),
        run=Command(
            awaits="",
            argv=("mariadb",),
            stdin=f"CREATE OR REPLACE USER '{user}'@'%' IDENTIFIED BY '{password}';{made}",
            secret=True,
        ),
    )


def sql(awaits: str, query: str, answer: str) -> Command:
    """Whether the local database gives that one answer to a query."""
    return Command(awaits=awaits, argv=("sh", "-c", f"mariadb -N -B | grep -qxF '{answer}'"), stdin=query)


def facts(awaits: str, cloud: Cloud, host: Host, name: str, table: str, told: str, where: str) -> Command | None:
    """{NAME: {host: what is told of it}} from the rows of a table with the column `host`, as this host's own database
    has them; None where it has none. `told`: an SQL expression; NULL becomes an empty text."""
    if "galera" not in cloud.services or host not in cloud.services["galera"].hosts:
        return None
    query = (
        f"SELECT CONCAT('{{\"{name}\": ', COALESCE(JSON_OBJECTAGG(host, COALESCE({told}, '')), '{{}}'), '}}')"
        f" FROM {table} WHERE {where}"
    )
    # Raw: else backslashes inside JSON come doubled.
    return Command(awaits=awaits, argv=("mariadb", "-N", "-B", "-r"), stdin=query, timeout=6)


def migrate(cloud: Cloud, database: Database) -> Step:
    """Bring the schema up to the package's version; see `onhost/schema.py`.

    A schema that was made from nothing is kept, and loaded into the next cloud's empty databases: seconds instead of
    minutes. A service gives a query up soon, and tries another member; a migration waits for as long as a table takes.
    """
    service, package = database.service, database.package

    def does(*words: str, timeout: float) -> Command:
        return Command(
            awaits=f"the {service} schema of this version",
            argv=("python3", "-c", on_host("schema.py"), *words),
            timeout=timeout,
        )

    return Step(
        name=f"migrate the {service} schema",
        host=cloud.services["galera"].hosts[0].name,
        when="before",
        done=does("check", service, package, timeout=10),
        run=does(
            *(
                "migrate",
                service,
                package,
                database.conf or "-",
                database.migrate,
                database.upgrade or database.migrate,
            ),
            *(f"{source}>{copy}" for source, copy in database.copies.items()),
            *database.schemas,
            timeout=3600,
        ),
        keep=Keep(
            name=f"schema-{service}",
            key=does("version", package, timeout=10),
            save=does("save", service, *database.schemas, timeout=60),
            load=does("load", service, package, *database.schemas, timeout=120),
        ),
    )
