"""`nines maintain` on a cloud that is not there: nothing is done, and nothing is claimed."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from rich.console import Console
from said import Nines

from fournines.cli import condition
from fournines.maintain import lines


def test_a_host_that_the_cloud_has_not_is_told_with_the_near_one(nines: Nines) -> None:
    said = nines("maintain", "s11")
    assert said.code == 5
    assert "no such host in this cloud" in said.err
    assert "s1" in said.err


def test_done_needs_a_host(nines: Nines) -> None:
    said = nines("maintain", "--done")
    assert said.code == 2
    assert "of which host?" in said.err


def test_a_cloud_that_does_not_answer_refuses(nines: Nines) -> None:
    said = nines("maintain", "s1")
    assert (said.code, said.out) == (1, "")
    assert "the cloud is not well, so it cannot spare s1: c1 does not answer" in said.err


def test_nobody_claims_what_nobody_said(nines: Nines) -> None:
    said = nines("maintain", "s1", "--done")
    assert (said.code, said.out) == (1, "")
    assert "nobody says whether s1 is in maintenance" in said.err
    said = nines("maintain", "--json")
    assert said.code == 1
    found = json.loads(said.out)
    assert found["cloud"] == "lab"
    assert found["maintenance"] == {}
    assert {"control", "storage"} <= set(found["unknown"])
    assert "nobody says of which host, or none: " in nines("maintain").out


@pytest.mark.parametrize("width", [80, 120])
def test_status_tells_who_is_in_maintenance(width: int) -> None:
    said = lines({"s1": ("storage", "control")})
    assert said == ["s1 is in maintenance (storage, control): nines maintain s1 --done"]
    console = Console(record=True, width=width, file=io.StringIO(), highlight=False)
    found: dict[str, Any] = {
        "hosts": {},
        "quorum": {},
        "remarks": [],
        "certificates": {},
        "clouds_yaml": None,
        "problems": [],
    }
    condition.draw(found | {"maintenance": {"s1": ["storage", "control"]}, "ok": True, "cloud": "lab"}, console)
    assert said[0] in console.export_text()
