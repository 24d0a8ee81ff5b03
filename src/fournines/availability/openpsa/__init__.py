"""Fault trees as files of the Open-PSA Model Exchange Format 2.0d, which PRA tools such as SCRAM and XFTA read.

    read(path, *more, top=None, mission_time=8760.0) -> FaultTree
    write(tree, name="fournines", labels={}) -> str

read -> definitions (what names mean) -> formulas, expressions, groups (gates, probabilities, common causes)
-> nodes (XML with places). Not supported: event trees, phases, substitutions, other files, external functions; they
are refused where a fault tree would depend on them.
"""

from __future__ import annotations

from fournines.availability.openpsa.read import MISSION_TIME, read
from fournines.availability.openpsa.write import write

__all__ = ["MISSION_TIME", "read", "write"]
