"""A fault tree: which failures of parts together fail the whole. Plain frozen data.

Terms are those of the Open-PSA Model Exchange Format 2.0d: a *basic event* is the failure of one part, a *gate* is
true when its inputs are so combined, the *top* gate is the failure of the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["and", "or", "atleast", "not", "xor", "nand", "nor", "iff", "imply", "cardinality", "constant"]


@dataclass(frozen=True, slots=True)
class Gate:
    """True when its inputs, names of gates and events, are so combined."""

    kind: Kind
    inputs: tuple[str, ...] = ()
    least: int = 0
    """Of `atleast` and `cardinality`: how many must be true; of `constant`: 0 or 1."""
    most: int = 0
    """Of `cardinality`: how many may be true."""


@dataclass(frozen=True, slots=True)
class FaultTree:
    """Gates and events have different names; every input is one of them; no gate is below itself."""

    top: str
    """A gate, or an event where there is nothing to combine."""
    gates: Mapping[str, Gate]
    events: Mapping[str, float]
    """Basic event -> its probability: of a part that is repaired, its unavailability."""
