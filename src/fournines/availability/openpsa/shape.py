"""Gates as other tools accept them: SCRAM 0.16 refuses gates that need not be gates, such as an `and` of one input."""

from __future__ import annotations

from fournines.availability.tree import Gate


def plain(gate: Gate) -> Gate:
    """The same gate in the form that most tools accept, with the same inputs. An `or` of one input is that input.

    What has no such form stays: an `xor` of three inputs and more, `atleast` 0 of some.
    """
    inputs, count = gate.inputs, len(gate.inputs)
    match gate.kind:
        case "atleast" | "cardinality" if not inputs:
            return Gate("constant", (), 1)
        case "and" | "xor" if count == 1:
            return Gate("or", inputs)
        case "nand" | "nor" if count == 1:
            return Gate("not", inputs)
        case "atleast" if gate.least == 1:
            return Gate("or", inputs)
        case "atleast" if gate.least == count > 1:
            return Gate("and", inputs)
        case "atleast":
            return Gate("atleast", inputs, gate.least)
        case "cardinality":
            return gate
        case "constant":
            return Gate("constant", (), gate.least)
        case _:
            return Gate(gate.kind, inputs)
