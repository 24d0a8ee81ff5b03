"""Where what a probe wrote lies in the database.

Audits look there on each member by itself, and rows are removed there: one statement, where the API would need a
request for each. No daemon knows these rows but by reading them, and nothing refers to them.
"""

from __future__ import annotations

from dataclasses import dataclass

from fournines.cloud.names import MARK


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """One row for each write."""

    table: str
    """With its schema, such as `keystone.credential`."""
    mine: str
    """SQL condition that the probe's own rows fulfil, those of earlier runs too, and no others."""
    key: str = "id"
    """Column of the id that the API gave."""

    unlink: str = ""
    """SQL assignment that must come before the removal, of rows that refer to themselves."""

    def select(self, name: str) -> str:
        """Statement that gives (name, id) of each."""
        return f"SELECT '{name}', {self.key} FROM {self.table} WHERE {self.mine};"

    def delete(self) -> str:
        """Statements that remove them; the last one's row count says how many."""
        before = f"UPDATE {self.table} SET {self.unlink} WHERE {self.mine};" if self.unlink else ""
        return f"{before}DELETE FROM {self.table} WHERE {self.mine};"

    @classmethod
    def named(cls, table: str, key: str = "id", unlink: str = "") -> Rows:
        """Rows whose names begin with MARK."""
        return cls(table=table, mine=f"name LIKE '{MARK}-%'", key=key, unlink=unlink)
