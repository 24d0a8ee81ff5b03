"""What a class of fault may cost at most: seconds that a client sees, charged again at fail-back.

Data, from the project's field notes ("Budgets"); None where the class has no number because that may stop.
O, Q and S are ours: the notes have no class for one OSD or one switch, and X would let a token stop where only disks
may.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import get_args

from fournines.cloud.columns import Column, Letter
from fournines.cloud.model import Cloud, Role
from fournines.faults import Fault

CLASSES: Mapping[Letter, str] = MappingProxyType(
    {
        "A": "one stateless replica",
        "B": "VIP or load balancer, or an API that hangs",
        "C": "database writer",
        "D": "controller power loss",
        "E": "message-queue member",
        "F": "storage host power loss",
        "G": "network node power loss",
        "H": "compute power loss (its own guests)",
        "O": "one OSD",
        "Q": "quorum of block storage lost: it may stop, must not lose a block, resumes unattended; the rest goes on",
        "S": "the switch of a host of routers or guests",
        "X": "quorum lost: may stop, must not corrupt, recovers unattended within 10 min of the cause clearing",
        "-": "nothing",
    }
)

COLUMNS: tuple[Column, ...] = get_args(Column)

_TABLE: Mapping[Letter, tuple[float | None, ...]] = {
    "A": (1, 1, 1, 5, 5, 0, 0, 0, 1, 1, 1),
    "B": (5, 5, 5, 10, 10, 0, 0, 0, 5, 5, 5),
    "C": (8, 8, 10, 15, 15, 0, 0, 0, 8, 8, 8),
    "D": (15, 15, 15, 60, 60, 0, 0, 0, 15, 15, 15),
    "E": (0, 0, 5, 30, 30, 0, 0, 0, 0, 0, 0),
    "F": (0, 0, 0, 30, 30, 30, 0, 0, 30, 30, 0),
    "G": (0, 0, 0, 60, 0, 0, 5, 15, 0, 0, 0),
    "H": (0, 0, 0, 10, 180, 180, 180, 180, 0, 0, 0),
    "O": (0, 0, 0, 5, 5, 2, 0, 0, 2, 2, 0),
    "Q": (0, 0, 0, None, None, None, 0, 0, None, None, 0),
    "S": (0, 0, 0, 10, 0, 0, 6, 15, 0, 0, 0),
    "-": (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
}


ROLES: Mapping[Role, Letter] = MappingProxyType({"control": "D", "storage": "F", "network": "G", "compute": "H"})
"""Class of the power loss of a host with that role."""


def classes(fault: Fault, hosts: Collection[str], cloud: Cloud) -> frozenset[Letter]:
    """Of what classes that fault is on these hosts."""
    if fault.blocks:
        return frozenset({fault.letter})
    letters: set[Letter] = set()
    for part, names in fault.parts([*hosts]):
        letters.add(part.letter)
        if part.silences:
            # A host with several roles is lost to each of them.
            letters |= {ROLES[role] for name in names for role in cloud.host(name).roles}
    return frozenset(letters)


def budget(letters: Collection[Letter], columns: Collection[Column]) -> float | None:
    """Seconds, of a fault that is of all these classes at once, for what clients want of all these columns; None when
    one of them sets no number."""
    found = [
        None if letter == "X" else _TABLE[letter][COLUMNS.index(column)] for letter in letters for column in columns
    ]
    return None if None in found else max(each for each in found if each is not None)
