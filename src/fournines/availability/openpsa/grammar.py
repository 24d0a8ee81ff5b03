"""Which elements the format has, and which attributes each must and may have."""

from __future__ import annotations

from fournines.availability.openpsa.nodes import Node, Wrongs
from fournines.spec.problems import show

FORMULAS = ("and", "or", "atleast", "cardinality", "not", "xor", "nand", "nor", "iff", "imply", "constant")
REFERENCES = ("event", "gate", "basic-event", "house-event")
DEFINITIONS = ("define-gate", "define-basic-event", "define-house-event", "define-parameter")
CONTAINED = (*DEFINITIONS, "define-component", "define-CCF-group")
TOPMOST = ("define-fault-tree", "model-data", "define-CCF-group")
INCLUDES = ("include", "xi:include")
PASSED = (
    "define-event-tree",
    "define-rule",
    "define-initiating-event",
    "define-initiating-event-group",
    "define-consequence",
    "define-consequence-group",
    "define-extern-library",
    "define-extern-function",
)
"""What cannot change a fault tree that does not mention it."""
PHASED = ("define-alignment", "define-mission")

_NAMED = (("name",), ("role",))
_VALUE = (("value",), ())
ATTRIBUTES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "define-fault-tree": (("name",), ()),
    "define-component": _NAMED,
    "define-gate": _NAMED,
    "define-basic-event": _NAMED,
    "define-house-event": _NAMED,
    "define-parameter": (("name",), ("role", "unit")),
    "define-CCF-group": (("name", "model"), ()),
    "event": (("name",), ("type",)),
    "gate": (("name",), ()),
    "basic-event": (("name",), ()),
    "house-event": (("name",), ()),
    "atleast": (("min",), ()),
    "cardinality": (("min", "max"), ()),
    "constant": _VALUE,
    "bool": _VALUE,
    "int": _VALUE,
    "float": _VALUE,
    "parameter": (("name",), ("unit",)),
    "system-mission-time": ((), ("unit",)),
    "factor": ((), ("level",)),
}
"""Element -> attributes that it must, and may, have; others have none."""

VALUES = {
    "role": ("public", "private"),
    "type": ("gate", "basic-event", "house-event"),
    "model": ("beta-factor", "MGL", "alpha-factor", "phi-factor"),
    "unit": ("bool", "int", "float", "hours", "hours-1", "years", "years-1", "fit", "demands"),
}


def attributes(node: Node, wrongs: Wrongs) -> dict[str, str] | None:
    """An element's attributes without spaces around their values, or None when they are wrong, which is then told."""
    must, may = ATTRIBUTES.get(node.tag, ((), ()))
    before = wrongs.count
    found: dict[str, str] = {}
    for name, value in node.attributes.items():
        found[name] = value.strip()
        if ":" in name or name == "xmlns":
            continue
        if name not in must and name not in may:
            wrongs.add(node.place, f"<{node.tag}> has no attribute {show(name)}", name, (*must, *may))
        elif name in VALUES and found[name] not in VALUES[name]:
            wrongs.add(node.place, f"{name}={show(found[name])} is unknown", found[name], VALUES[name])
        elif not found[name]:
            wrongs.add(node.place, f"{name} of <{node.tag}> is empty")
    for name in must:
        if name not in found:
            wrongs.add(node.place, f"<{node.tag}> needs the attribute {name}")
    return found if wrongs.count == before else None


def unknown(node: Node, inside: str, known: tuple[str, ...], wrongs: Wrongs) -> None:
    """Tells that an element may not be where it is."""
    if node.tag in INCLUDES:
        wrongs.add(node.place, "other files are not included: name them beside this one when it is read")
    elif node.tag == "define-substitution":
        wrongs.add(node.place, "substitutions are not supported, and would change the cut sets")
    else:
        wrongs.add(node.place, f"<{node.tag[:60]}> is unknown in {inside}", node.tag, known)


def boolean(node: Node, value: str, wrongs: Wrongs) -> bool | None:
    if value in ("true", "1", "false", "0"):
        return value in ("true", "1")
    wrongs.add(node.place, f"{show(value)} is neither true nor false")
    return None
