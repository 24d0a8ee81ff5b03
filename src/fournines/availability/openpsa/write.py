"""A fault tree as a file of the Open-PSA Model Exchange Format 2.0d, for other tools and for `read`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

from fournines.availability.graph import check
from fournines.availability.openpsa import names
from fournines.availability.openpsa.shape import plain
from fournines.availability.tree import FaultTree, Gate

_NOT_XML = re.compile("[^\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(tree: FaultTree, name: str = "fournines", labels: Mapping[str, str] = {}) -> str:
    """The text of a file, to be encoded as UTF-8. `name`: of the fault tree; `labels`: gate or event -> what it is.

    `read` makes the same tree of it, whatever names and gates it has. SCRAM 0.16 accepts it but for what it has no gate
    for: an input that is twice in one gate, `atleast` 0 of some, an `xor` of more than two.
    Raises ValueError for what is no fault tree (`graph.check`), or no probability.
    """
    _check(tree)
    ids = names.identifiers([*tree.gates, *tree.events])
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<opsa-mef>"]
    known = names.identifiers([name])[name]
    lines.append(f'  <define-fault-tree name="{known}">')
    standing = "" if tree.top in tree.gates else names.Free(ids.values()).take("top")
    lines += _notes("", {names.TOP: standing or ids[tree.top]}, "    ")
    if standing:
        lines.append(f'    <define-gate name="{standing}">')
        lines += [*_notes("", {names.FORMULA: "event"}, "      "), f"      {_input(tree.top, tree, ids)}"]
        lines.append("    </define-gate>")
    for gate_name, gate in tree.gates.items():
        said = plain(gate)
        notes = _name(gate_name, ids)
        if said != gate or (gate.kind == "xor" and len(gate.inputs) > 2):
            notes[names.FORMULA] = f"{gate.kind} {gate.least} {gate.most}"
        lines.append(f'    <define-gate name="{ids[gate_name]}">')
        lines += _notes(labels.get(gate_name, gate_name if notes.get(names.NAME) else ""), notes, "      ")
        lines += [*_formula(said, tree, ids), "    </define-gate>"]
    lines += ["  </define-fault-tree>", "  <model-data>"]
    for event, probability in tree.events.items():
        notes = _name(event, ids)
        lines.append(f'    <define-basic-event name="{ids[event]}">')
        lines += _notes(labels.get(event, event if notes else ""), notes, "      ")
        lines += [f'      <float value="{float(probability)!r}"/>', "    </define-basic-event>"]
    return "\n".join([*lines, "  </model-data>", "</opsa-mef>", ""])


def _check(tree: FaultTree) -> None:
    check(tree)
    for name, probability in tree.events.items():
        if not 0 <= probability <= 1:
            raise ValueError(f"event {name}: probability {probability!r}")


def _name(name: str, ids: Mapping[str, str]) -> dict[str, str]:
    return {} if ids[name] == name else {names.NAME: names.encode(name)}


def _notes(label: str, notes: Mapping[str, str], indent: str) -> list[str]:
    """Label and attributes, in the order that the standard has."""
    text = " ".join(_NOT_XML.sub(" ", label).split())
    lines = [f"{indent}<label>{escape(text)}</label>"] if text else []
    if notes:
        lines.append(f"{indent}<attributes>")
        lines += [f'{indent}  <attribute name="{key}" value="{escape(value)}"/>' for key, value in notes.items()]
        lines.append(f"{indent}</attributes>")
    return lines


def _formula(gate: Gate, tree: FaultTree, ids: Mapping[str, str]) -> list[str]:
    if gate.kind == "constant":
        return [f'      <constant value="{"true" if gate.least else "false"}"/>']
    if gate.kind == "or" and len(gate.inputs) == 1:
        return [f"      {_input(gate.inputs[0], tree, ids)}"]
    limits = f' min="{gate.least}"' if gate.kind in ("atleast", "cardinality") else ""
    limits += f' max="{gate.most}"' if gate.kind == "cardinality" else ""
    inputs = [f"        {_input(name, tree, ids)}" for name in gate.inputs]
    return [f"      <{gate.kind}{limits}>", *inputs, f"      </{gate.kind}>"]


def _input(name: str, tree: FaultTree, ids: Mapping[str, str]) -> str:
    return f'<{"gate" if name in tree.gates else "basic-event"} name="{ids[name]}"/>'
