"""Prints what this Galera member holds, in numbers that can be compared with another member's: JSON, see `read`.

    galera_tables.py CELLS [TABLE...]    of all tables but the database's own, or of these

Run as root on the host: MariaDB knows root by its socket. All tables are read as they were at one moment, after
everything that the cluster had committed when this was begun.
"""

import json
import subprocess
import sys

OWN = ("mysql", "sys", "information_schema", "performance_schema")
AT_ONCE = 50
"""Tables in one statement."""
LIMIT_S = 60


def select(table: str, columns: list[str], key: list[str], cells: int) -> str:
    """Of each cell of a table: its name, the cell, how many rows, a sum of their contents.

    Rows fall into cells by their key. QUOTE tells NULL from a text, and texts from each other. Sums are by exclusive
    or: those of two members differ by the sum of the rows in which they differ.
    """
    text, place = (f"CONCAT_WS(',', {', '.join(f'QUOTE(`{name}`)' for name in names)})" for names in (columns, key))
    content = f"BIT_XOR(CAST(CONV(LEFT(MD5({text}), 16), 16, 10) AS UNSIGNED))"
    schema, _, name = table.partition(".")
    return (
        f"SELECT '{table}', CRC32({place}) MOD {cells} AS cell, COUNT(*), {content} FROM `{schema}`.`{name}` GROUP BY 2"
    )


def sql(*statements: str) -> list[list[str]]:
    """Rows; exits when the member refuses."""
    done = subprocess.run(
        ["mariadb", "-N", "-B", "--connect-timeout=5"],
        input=";\n".join(statements) + ";\n",
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr.strip()[-300:] or f"mariadb: exit {done.returncode}")
    return [line.split("\t") for line in done.stdout.splitlines()]


def known() -> dict[str, tuple[list[str], list[str]]]:
    """Table -> (columns, those of its primary key; all of them where it has none)."""
    own = ", ".join(f"'{name}'" for name in OWN)
    tables: dict[str, tuple[list[str], list[str]]] = {}
    for schema, name, column, primary in sql(
        "SELECT c.table_schema, c.table_name, c.column_name, c.column_key = 'PRI' FROM information_schema.columns c"
        " JOIN information_schema.tables t USING (table_schema, table_name)"
        f" WHERE t.table_type = 'BASE TABLE' AND c.table_schema NOT IN ({own})"
        " ORDER BY c.table_schema, c.table_name, c.ordinal_position"
    ):
        columns, key = tables.setdefault(f"{schema}.{name}", ([], []))
        columns.append(column)
        if primary == "1":
            key.append(column)
    return {table: (columns, key or columns) for table, (columns, key) in tables.items()}


def read(cells: int, only: list[str]) -> dict[str, dict[str, list[int]]]:
    """Table -> cell -> [rows, sum]; no cell where there is no row. `only`: these tables, where they are; none: all."""
    tables = {name: each for name, each in known().items() if not only or name in only}
    selects = [select(name, columns, key, cells) for name, (columns, key) in tables.items()]
    chunks = [" UNION ALL ".join(selects[i : i + AT_ONCE]) for i in range(0, len(selects), AT_ONCE)]
    # Bit 1: reads and the begin of a transaction wait for what was committed before.
    wait = "SET SESSION wsrep_sync_wait = 1, time_zone = '+00:00'", "START TRANSACTION WITH CONSISTENT SNAPSHOT"
    found: dict[str, dict[str, list[int]]] = {name: {} for name in tables}
    for name, cell, rows, total in sql(*wait, "SET SESSION wsrep_sync_wait = 0", *chunks, "COMMIT"):
        found[name][cell] = [int(rows), int(total)]
    return found


if __name__ == "__main__":
    print(json.dumps(read(int(sys.argv[1]), sys.argv[2:])))
