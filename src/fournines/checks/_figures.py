"""How findings write numbers."""

from __future__ import annotations


def number(value: float) -> str:
    """With one decimal, and without where it is 0: 8, 8.5, 1024."""
    return f"{round(value, 1):.1f}".removesuffix(".0")
