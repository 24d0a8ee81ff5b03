from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from pathlib import Path

import pytest
from views import cloud

from fournines.errors import DrillError, HostError
from fournines.faults import catalogue, named, recorded
from fournines.faults._daemon import DaemonFault
from fournines.hosts import PowerState
from fournines.prove.windows import Windows


class Bare:
    name = "c1"

    def argv(self, command: Sequence[str]) -> list[str]:
        return list(command)


class Switched(Bare):
    """A power switch and links that remember."""

    def __init__(self) -> None:
        self.state: PowerState = "on"
        self.switched: list[PowerState] = []
        self.cut_for = 0.0
        self.cut_from: tuple[str, ...] = ()

    def power(self) -> PowerState:
        return self.state

    def power_on(self) -> None:
        self.state = "on"
        self.switched.append("on")

    def power_off(self) -> None:
        self.state = "off"
        self.switched.append("off")

    def cut_links(self, healed_after: float, networks: Collection[str] = ()) -> None:
        self.cut_for, self.cut_from = healed_after, tuple(networks)

    def restore_links(self) -> None:
        self.cut_for = 0.0


class Quiet(Switched):
    """On which every command succeeds and says nothing."""

    def argv(self, command: Sequence[str]) -> list[str]:
        return [sys.executable, "-c", "pass"]


def test_faults_are_found_by_name() -> None:
    assert {"null", "power-loss"} <= set(catalogue())
    assert named("power-loss").silences
    with pytest.raises(DrillError, match="null, osd-kill, ovs-kill, packet-loss, partition, power-loss") as caught:
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


def test_a_drill_of_storage_is_another_fault_with_a_target_and_a_budget() -> None:
    for name, like, target, letter in (
        ("storage-host-power-loss", "power-loss", "storage", "F"),
        ("two-storage-hosts", "power-loss", "storage:2", "Q"),
        ("storage-host-isolate", "host-isolate", "storage", "F"),
    ):
        fault = named(name)
        assert isinstance(fault, type(named(like)))
        assert (fault.target, fault.letter) == (target, letter)
        assert named(like).target == "", "told from its own kind"
    assert [name for name, fault in catalogue().items() if fault.blocks] == ["two-storage-hosts"]
    unnoticed = ["dns-gone", "fence-device-dead", "null", "standby"]
    assert [name for name, fault in catalogue().items() if not fault.injures] == unnoticed


def test_isolation_is_bounded_before_it_begins() -> None:
    fault, host = named("host-isolate"), Switched()
    fault.inject([host])
    assert host.cut_for > Windows().served + Windows().steady, "no drill holds it longer"
    fault.heal([host])
    assert host.cut_for == 0
    assert host.switched == []
    host.state = "off"
    fault.heal([host])
    assert host.state == "on", "it was fenced meanwhile"
    with pytest.raises(DrillError, match="c1"):
        fault.possible([Bare()])


def test_a_compute_host_that_nobody_manages_keeps_its_storage() -> None:
    host = Switched()
    named("compute-isolate").inject([host])
    assert host.cut_from == ("management",)


class Systemd(Bare):
    """A host on which `systemctl` is a shell script that writes down what it is told."""

    def __init__(self, folder: Path, units: str) -> None:
        self.folder = folder
        self.told = folder / "told"
        self.told.touch()
        (folder / "systemctl").write_text(
            f'#!/bin/sh\necho "$@" >> {self.told}\n[ "$1" != list-units ] || printf "{units}"\n'
        )
        self.armed = folder / "armed"
        (folder / "systemd-run").write_text(f'#!/bin/sh\necho "$@" >> {self.armed}\n')
        for program in ("systemctl", "systemd-run"):
            (folder / program).chmod(0o755)

    def argv(self, command: Sequence[str]) -> list[str]:
        return ["env", f"PATH={self.folder}:/usr/bin:/bin", *command]


def test_killing_takes_one_daemon_and_healing_starts_what_is_enabled(tmp_path: Path) -> None:
    fault = named("osd-kill")
    host = Systemd(tmp_path, "ceph-osd@0.service loaded active running\\nceph-osd@3.service loaded active running\\n")
    fault.inject([host])
    said = host.told.read_text().splitlines()
    assert said[-1] == "kill --kill-whom=main --signal=KILL ceph-osd@0.service"
    assert sum(line.startswith("kill ") for line in said) == 1
    host.told.write_text("")
    fault.heal([host])
    said = host.told.read_text().splitlines()
    assert said[0] == "reset-failed ceph-osd@*.service"
    assert said[-4:] == [
        "is-enabled --quiet ceph-osd@0.service",
        "start ceph-osd@0.service",
        "is-enabled --quiet ceph-osd@3.service",
        "start ceph-osd@3.service",
    ]


def test_killing_where_none_runs_is_an_error(tmp_path: Path) -> None:
    host = Systemd(tmp_path, "")
    with pytest.raises(HostError, match=r"no ceph-mon@\*\.service runs"):
        named("mon-leader-kill").inject([host])
    named("mon-leader-kill").heal([host])


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_healing_is_safe_where_nothing_was_injected(name: str) -> None:
    host = Quiet()
    named(name).heal([host, host])
    named(name).heal([])
    assert host.power() == "on"


def test_any_daemon_can_be_killed_or_frozen(tmp_path: Path) -> None:
    host = Systemd(tmp_path, "mariadb.service loaded active running\\n")
    for name, target, units, letter in (
        ("kill", "galera:primary", "mariadb.service", "C"),
        ("freeze", "mariadb", "mariadb.service", "C"),
        ("kill", "keystone", "keystone.service", "A"),
        ("freeze", "keystone:all", "keystone.service", "B"),
        ("kill", "nova-conductor", "nova-conductor.service", "E"),
        ("kill", "nova", "nova-api.service", "A"),
        ("freeze", "ceph-osd", "ceph-osd@*.service", "F"),
    ):
        fault = named(name).aimed(target)
        assert isinstance(fault, DaemonFault)
        assert (fault.units, fault.letter) == (units, letter)
    assert named("kill").aimed("galera").stops == "galera"
    assert named("kill").aimed("mariadb:c2").kind == "kill mariadb"
    assert named("power-loss").aimed("vip").kind == "power-loss"
    assert recorded("kill", "galara:c1") is None
    assert named("kill").stops == "", "aiming makes another one"
    assert named("osd-kill").aimed("s1") is named("osd-kill"), "it has a daemon of its own"
    with pytest.raises(DrillError, match="kill strikes a daemon, and galara is none") as caught:
        named("kill").aimed("galara:one")
    assert caught.value.remedy == "did you mean galera?"

    freeze = named("freeze").aimed("galera")
    freeze.possible([host])
    host.told.write_text("")
    freeze.inject([host])
    said = host.told.read_text().splitlines()
    assert said == [
        "list-units --plain --no-legend --state=running mariadb.service",
        "kill --kill-whom=all --signal=STOP mariadb.service",
    ]
    assert "--on-active=300" in host.armed.read_text(), "thawed by itself, armed before"
    freeze.heal([host])
    assert "kill --kill-whom=all --signal=CONT mariadb.service" in host.told.read_text()


def test_a_daemon_that_does_not_run_cannot_be_struck(tmp_path: Path) -> None:
    host = Systemd(tmp_path, "")
    for name in ("kill", "freeze"):
        with pytest.raises(DrillError, match=r"no mariadb\.service runs on c1"):
            named(name).aimed("galera").possible([host])
        with pytest.raises(HostError, match=r"no mariadb\.service runs"):
            named(name).aimed("galera").inject([host])


class Filtered(Bare):
    """A host on which what is fed to `nft` is kept, and whose addresses and firewall are given."""

    def __init__(self, folder: Path, addresses: str) -> None:
        self.folder = folder / addresses.split()[0]
        self.folder.mkdir()
        self.loaded, self.told = self.folder / "loaded", self.folder / "told"
        listed = "set links {\\n elements = { 10.0.0.11, 10.0.0.12,\\n 10.0.0.13, 10.1.0.11 }\\n}\\n"
        for program, script in (
            ("nft", f'[ "$1" != -f ] || cat > {self.loaded}\n[ "$1" != list ] || printf "{listed}"'),
            ("hostname", f"echo {addresses}"),
            ("systemctl", "true"),
            ("systemd-run", "true"),
        ):
            (self.folder / program).write_text(f'#!/bin/sh\necho {program} "$@" >> {self.told}\n{script}\n')
            (self.folder / program).chmod(0o755)

    def argv(self, command: Sequence[str]) -> list[str]:
        return ["env", f"PATH={self.folder}:/usr/bin:/bin", *command]


def test_what_a_host_hears_and_says_is_dropped_for_a_bounded_time_and_never_the_way_in(tmp_path: Path) -> None:
    host = Filtered(tmp_path, "10.0.0.11")
    for name, hooks in (
        ("blackhole", ["input", "output"]),
        ("deaf", ["input"]),
        ("mute", ["output"]),
        ("packet-loss", ["input"]),
        ("bandwidth", ["input", "output"]),
        ("dns-gone", ["input", "output"]),
    ):
        host.told.write_text("")
        named(name).inject([host])
        rules = host.loaded.read_text()
        assert [hook for hook in ("input", "output") if f"chain {hook}" in rules] == hooks
        for hook, near, ssh in (("input", "iif", "dport"), ("output", "oif", "sport")):
            assert (hook in hooks) == (f"{near} lo accept\n    tcp {ssh} 22 accept" in rules)
        assert "drop" in rules
        said = host.told.read_text().splitlines()
        assert [line.split()[0] for line in said] == ["systemd-run", "nft"], "armed before"
        assert "--on-active=300" in said[0]
        assert f"nft delete table inet nines_{name.replace('-', '_')}" in said[0]
        named(name).heal([host])
        assert "nft delete table inet nines_" in host.told.read_text().splitlines()[2]


def test_a_partition_leaves_the_targets_to_each_other(tmp_path: Path) -> None:
    first, second = Filtered(tmp_path, "10.0.0.11 10.1.0.11 10.0.0.10"), Filtered(tmp_path, "10.0.0.12")
    named("partition").inject([first, second])
    for host in (first, second):
        rules = host.loaded.read_text()
        assert "ip saddr { 10.0.0.13 } drop" in rules
        assert "ip daddr { 10.0.0.13 } drop" in rules
    third = Filtered(tmp_path, "10.0.0.13")
    with pytest.raises(DrillError, match="no host is left to cut c1 off from"):
        named("partition").inject([first, second, third])


def test_what_a_campaign_may_aim_a_daemons_fault_at() -> None:
    choices = [list(targets) for targets in named("freeze").choices(cloud())]
    assert ["mariadb:primary", "mariadb:c1", "mariadb:c2", "mariadb:c3"] in choices, "a class by itself"
    (others,) = (targets for targets in choices if "keystone:c1" in targets)
    assert {"keystone:c3", "galera-member:c1", "pacemaker:primary"} <= {*others}
    assert not any("glance-api:c1" in targets for targets in choices), "the cloud has none"
    assert not any("galera:c1" in targets for targets in choices), "another word for the same daemon"
    assert not named("osd-kill").choices(cloud())
    assert not named("power-loss").choices(cloud())


def test_a_daemon_of_a_host_that_was_fenced_is_not_asked_for() -> None:
    host = Switched()
    host.power_off()
    named("kill").aimed("corosync").heal([host])
    assert host.state == "on"
