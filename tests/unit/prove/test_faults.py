from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from fournines.errors import DrillError
from fournines.faults import catalogue, named
from fournines.hosts import PowerState


class Bare:
    name = "c1"

    def argv(self, command: Sequence[str]) -> list[str]:
        return list(command)


class Switched(Bare):
    """A power switch that remembers."""

    def __init__(self) -> None:
        self.state: PowerState = "on"
        self.switched: list[PowerState] = []

    def power(self) -> PowerState:
        return self.state

    def power_on(self) -> None:
        self.state = "on"
        self.switched.append("on")

    def power_off(self) -> None:
        self.state = "off"
        self.switched.append("off")


def test_faults_are_found_by_name() -> None:
    assert {"null", "power-loss"} <= set(catalogue())
    assert named("power-loss").silences
    with pytest.raises(DrillError, match="null, power-loss") as caught:
        named("power-los")
    assert caught.value.remedy == "did you mean power-loss?"


def test_power_loss_and_its_healing() -> None:
    fault, host = named("power-loss"), Switched()
    fault.heal([host])
    assert host.switched == [], "a host that is on is left alone"
    fault.inject([host])
    assert host.power() == "off"
    fault.heal([host])
    fault.heal([host])
    assert host.switched == ["off", "on"]


def test_a_host_without_a_switch_cannot_lose_power() -> None:
    fault = named("power-loss")
    with pytest.raises(DrillError, match="c1"):
        fault.possible([Bare()])
    with pytest.raises(DrillError, match="c1"):
        fault.inject([Bare()])
    fault.heal([Bare()])


def test_a_gateway_is_killed_where_there_is_one(tmp_path: Path) -> None:
    """By a systemctl that notes what it is told, and knows the gateway or does not."""
    said = tmp_path / "said"
    (tmp_path / "systemctl").write_text(f'#!/bin/sh\necho "$@" >> {said}\ntest -e {tmp_path}/gateway\n')
    (tmp_path / "systemctl").chmod(0o755)

    class Storage(Bare):
        name = "s1"

        def argv(self, command: Sequence[str]) -> list[str]:
            return ["env", f"PATH={tmp_path}:/usr/bin:/bin", *command]

    fault, host = named("radosgw-kill"), Storage()
    with pytest.raises(DrillError, match="no RADOS Gateway runs on s1"):
        fault.possible([host])
    fault.heal([host])
    assert "start" not in said.read_text()
    (tmp_path / "gateway").touch()
    said.unlink()
    fault.possible([host])
    fault.inject([host])
    fault.heal([host])
    assert said.read_text().splitlines()[1:] == [
        "kill --kill-whom=main --signal=KILL ceph-radosgw.service",
        "-q is-enabled ceph-radosgw.service",
        "start ceph-radosgw.service",
    ]


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_healing_is_safe_where_nothing_was_injected(name: str) -> None:
    host = Switched()
    named(name).heal([host, host])
    named(name).heal([])
    assert host.power() == "on"
