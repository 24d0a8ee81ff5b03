"""The axes of the budget table (`fournines.prove.budgets`): what clients want of a cloud, and what it may suffer."""

from __future__ import annotations

from typing import Literal

Column = Literal["token", "read", "write", "create", "attach", "volume-io", "fip", "dhcp", "image", "s3", "ui"]
"""What a client wants: a column."""
Letter = Literal["A", "B", "C", "D", "E", "F", "G", "H", "O", "Q", "S", "X", "-"]
"""Class of a fault: a row. `-` injures nothing."""
SEVERITY: tuple[Letter, ...] = ("-", "O", "A", "S", "B", "E", "C", "G", "F", "D", "H", "Q", "X")
"""By what they may cost over all columns, the least first; last those that may stop something."""
