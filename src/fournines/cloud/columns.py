"""What clients want of a cloud, as budgets, probes and predictions tell it apart."""

from __future__ import annotations

from typing import Literal

Column = Literal["token", "read", "write", "create", "attach", "volume-io", "fip", "dhcp", "image", "s3", "ui"]
"""A column of the budget table (`fournines.prove.budgets`)."""
