"""A second fault to one that was drawn. Pure: from names alone."""

from __future__ import annotations

from fournines.faults import AND, recorded
from fournines.prove.targets import LEADERS, NOWHERE

Aimed = tuple[str, str]
"""(fault, target)"""


def doubled(one: Aimed, other: Aimed) -> Aimed | None:
    """The two as one; None: they cannot both be done. What silences its hosts comes second: on those nothing could
    be done after it."""
    if NOWHERE in (one[1], other[1]):
        return None
    known = [recorded(*each) for each in (one, other)]
    silent = [bool(each and each.silences) for each in known]
    clash = one[0] == other[0] or (known[0] and known[1] and known[0].clashes(known[1]))
    if (clash or all(silent)) and not _are_apart(one[1], other[1]):
        return None
    first, second = (other, one) if silent[0] and not silent[1] else (one, other)
    return f"{first[0]}{AND}{second[0]}", f"{first[1]}{AND}{second[1]}"


def _are_apart(one: str, other: str) -> bool:
    """Whether these are different hosts for certain: who leads is not known before."""
    hosts = [{word.partition(":")[2] or word for word in target.split(",")} for target in (one, other)]
    return not hosts[0] & hosts[1] and not (hosts[0] | hosts[1]) & {*LEADERS, "primary"}
