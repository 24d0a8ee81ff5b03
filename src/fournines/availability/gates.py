"""A fault tree without modules made into nodes of a diagram, gate by gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fournines.availability.graph import children_first
from fournines.availability.nodes import FALSE, TRUE, Nodes
from fournines.availability.tree import FaultTree, Gate


def root(tree: FaultTree, leaves: Mapping[str, int], nodes: Nodes) -> int:
    """The node of the top of `tree`, where `leaves` are the nodes of its events."""
    made = dict(leaves)
    for name in children_first(tree):
        gate = tree.gates[name]
        made[name] = combined(gate, [made[each] for each in gate.inputs], nodes)
    return made[tree.top]


def combined(gate: Gate, inputs: Sequence[int], nodes: Nodes) -> int:
    ite = nodes.ite
    # Deepest first: what is combined already then mostly hangs below the next input as it is.
    deepest_first = sorted(inputs, key=lambda node: nodes.level[node], reverse=True)
    match gate.kind:
        case "and":
            found = TRUE
            for each in deepest_first:
                found = ite(each, found, FALSE)
        case "nand":
            found = FALSE
            for each in deepest_first:
                found = ite(each, found, TRUE)
        case "or":
            found = FALSE
            for each in deepest_first:
                found = ite(each, TRUE, found)
        case "nor":
            found = TRUE
            for each in deepest_first:
                found = ite(each, FALSE, found)
        case "xor":
            found, opposite = FALSE, TRUE
            for each in deepest_first:
                found, opposite = ite(each, opposite, found), ite(each, found, opposite)
        case "not":
            found = ite(inputs[0], FALSE, TRUE)
        case "iff":
            found = ite(inputs[0], inputs[1], ite(inputs[1], FALSE, TRUE))
        case "imply":
            found = ite(inputs[0], inputs[1], TRUE)
        case "constant":
            found = TRUE if gate.least else FALSE
        case "atleast":
            found = _counted(deepest_first, gate.least, len(inputs), nodes)
        case "cardinality":
            found = _counted(deepest_first, gate.least, gate.most, nodes)
    return found


def _counted(inputs: Sequence[int], least: int, most: int, nodes: Nodes) -> int:
    """From `least` to `most` of `inputs` are true: about `least * (len(inputs) - least)` steps for `atleast`.

    `rest[c]`: is it so, when `c` of the inputs that are not yet counted are true? To `atleast` more than `least` are as
    good as `least`.
    """
    total = len(inputs)
    cap = least - 1 if most == total else most
    rest = [FALSE] * least + [TRUE] * (cap + 1 - least)
    rest.append(TRUE if most == total else FALSE)
    for counted, each in enumerate(inputs, start=1):
        for trues in range(max(0, least - counted), min(cap, total - counted) + 1):
            rest[trues] = nodes.ite(each, rest[trues + 1], rest[trues])
    return rest[0]
