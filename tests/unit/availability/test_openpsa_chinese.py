"""A tree that many papers have, through our own files: cut sets and probability as they are known."""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

import pytest

from fournines.availability.bdd import Bdd
from fournines.availability.cut_sets import minimal
from fournines.availability.openpsa import read, write
from fournines.availability.tree import FaultTree, Gate, Kind


def chinese() -> FaultTree:
    text = Path(__file__).with_name("chinese.txt").read_text()
    gates: dict[str, Gate] = {}
    for name, kind, inputs in re.findall(r"^(\w+) = (\w+)\((.*)\)$", text, re.MULTILINE):
        gates[name] = Gate(cast("Kind", kind), tuple(inputs.split(", ")))
    return FaultTree("r1", gates, {f"e{number}": 0.02 for number in range(1, 26)})


def test_the_chinese_tree_after_a_round_trip(tmp_path: Path) -> None:
    tree, path = chinese(), tmp_path / "chinese.xml"
    assert len(tree.gates) == 36
    path.write_text(write(tree, "chinese"))
    again = read(path)
    assert again == tree
    bdd = Bdd.of(again)
    cut_sets = minimal(bdd)
    assert cut_sets.count == 392
    assert cut_sets.by_order == {2: 12, 4: 24, 5: 188, 6: 168}
    assert bdd.probability() == pytest.approx(0.0045691, abs=1e-6)
    assert cut_sets.rare_event() == pytest.approx(0.004804, abs=1e-6)
