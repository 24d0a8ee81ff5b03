"""A service's schema on the local database: asked for, made, kept and loaded.

    schema.py version PACKAGE                                what a kept schema depends on
    schema.py check SERVICE PACKAGE                          exit 0: the schema is of that package's version
    schema.py migrate SERVICE PACKAGE CONF COMMAND UPGRADE [SCHEMA>COPY...] SCHEMA...
                                                             as the user SERVICE run COMMAND where there is nothing
                                                             yet, then copy; else UPGRADE; note the version. Both
                                                             wait for ever where CONF, unless -, sets a limit, and
                                                             work on this member itself where it names the proxy
    schema.py save SERVICE SCHEMA...                         print a schema that was just made from nothing
    schema.py load SERVICE PACKAGE SCHEMA... < saved         exit 3: the databases are not empty

Versions are kept in the database itself, next to what they describe: fournines.migration. DDL knows no transactions:
while databases are being filled from nothing the version says so, and whoever finds that word empties them first.
"""

import base64
import configparser
import gzip
import os
import re
import subprocess
import sys

FILLING = "filling"
NOT_EMPTY = 3
TABLE = (
    "CREATE DATABASE IF NOT EXISTS fournines; CREATE TABLE IF NOT EXISTS fournines.migration"
    " (service VARCHAR(64) PRIMARY KEY, version VARCHAR(128) NOT NULL, fresh BOOLEAN NOT NULL DEFAULT FALSE);"
)


def program(*argv: str, stdin: bytes = b"", env: "dict[str, str] | None" = None) -> bytes:
    done = subprocess.run(argv, input=stdin, capture_output=True, check=False, env={**os.environ, **(env or {})})
    if done.returncode:
        sys.exit(f"{argv[0]}: {(done.stderr or done.stdout).decode(errors='replace').strip()[-1500:]}")
    return done.stdout


def sql(text: str) -> list[str]:
    def once() -> "subprocess.CompletedProcess[str]":
        return subprocess.run(["mariadb", "-N", "-B"], input=text, capture_output=True, text=True, check=False)

    done = once()
    for _ in range(9):
        # A cluster refuses one of two writers at the same time, for it to try again.
        if "ERROR 1213 " in done.stderr:
            done = once()
    if done.returncode:
        sys.exit(f"mariadb: {done.stderr.strip()[-1500:]}")
    return done.stdout.split("\n")[:-1]


def version_of(package: str) -> str:
    return program("dpkg-query", "-W", "-f", "${Version}", package).decode()


def noted(service: str) -> str:
    if not sql("SELECT 1 FROM information_schema.tables WHERE table_schema = 'fournines' AND table_name = 'migration'"):
        return ""
    return "".join(sql(f"SELECT version FROM fournines.migration WHERE service = '{service}'"))


def note(service: str, version: str, fresh: bool) -> None:
    # Only where it lacks: even when it changes nothing, DDL aborts whatever others write there.
    if not sql("SELECT 1 FROM information_schema.tables WHERE table_schema = 'fournines' AND table_name = 'migration'"):
        sql(TABLE)
    sql(f"REPLACE INTO fournines.migration VALUES ('{service}', '{version}', {fresh})")


def tables(schemas: list[str]) -> int:
    names = ", ".join(f"'{schema}'" for schema in schemas)
    return int(sql(f"SELECT count(*) FROM information_schema.tables WHERE table_schema IN ({names})")[0])


def empty(service: str, schemas: list[str]) -> bool:
    """Whether to fill from nothing; then the databases are empty, and the note says that they are being filled."""
    if noted(service) == FILLING:
        sql("".join(f"DROP DATABASE {each}; CREATE DATABASE {each} CHARACTER SET utf8mb3;" for each in schemas))
    elif noted(service) or tables(schemas):
        return False
    note(service, FILLING, fresh=False)
    return True


def check(service: str, package: str) -> None:
    found, wanted = noted(service), version_of(package)
    print(found or "no schema")
    sys.exit(found != wanted)


def patient(conf: str, member: str) -> "dict[str, str]":
    """Environment in which oslo.config finds the file's database URLs without their limits on a query, and at that
    address in place of the proxy's, which ends the sessions of a member that misses two checks."""
    if conf == "-":
        return {}

    def direct(url: str) -> str:
        return re.sub(r"&(read|write)_timeout=[^&]*", "", url).replace("@127.0.0.1:", f"@{member}:")

    parser = configparser.RawConfigParser(strict=False)
    with open(conf) as file:
        parser.read_file(file)
    return {
        f"OS_{section.upper()}__CONNECTION": direct(parser[section]["connection"])
        for section in parser.sections()
        if "connection" in parser[section]
    }


def migrate(service: str, package: str, conf: str, command: str, upgrade: str, *words: str) -> None:
    fresh = empty(service, [word for word in words if ">" not in word])
    member = sql("SELECT @@bind_address")[0]
    program("su", "-s", "/bin/sh", service, "-c", command if fresh else upgrade, env=patient(conf, member))
    for source, copy in (word.split(">") for word in words if ">" in word):
        # With its rows: a schema's version is one.
        if fresh:
            program("mariadb", copy, stdin=program("mariadb-dump", "--single-transaction", source))
    note(service, version_of(package), fresh)


def save(service: str, *schemas: str) -> None:
    if "".join(sql(f"SELECT fresh FROM fournines.migration WHERE service = '{service}'")) == "1":
        # Into empty databases. Each statement of DDL stops the whole cluster for a moment, and so would those left out.
        bare = ("--skip-comments", "--skip-add-drop-table", "--skip-add-locks", "--skip-disable-keys")
        dump = program("mariadb-dump", *bare, "--single-transaction", "--databases", *schemas)
        print(base64.b64encode(gzip.compress(dump, 9, mtime=0)).decode())


def load(service: str, package: str, *schemas: str) -> None:
    dump = gzip.decompress(base64.b64decode(sys.stdin.read()))
    if not empty(service, list(schemas)):
        sys.exit(NOT_EMPTY)
    program("mariadb", stdin=dump)
    note(service, version_of(package), fresh=False)


def version(package: str) -> None:
    print(package, version_of(package), program("mariadbd", "--version").decode().split()[2])


if __name__ == "__main__":
    verbs = {"version": version, "check": check, "migrate": migrate, "save": save, "load": load}
    verbs[sys.argv[1]](*sys.argv[2:])
