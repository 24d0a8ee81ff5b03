"""Strategies that cost more than another one would, or may lose what was acknowledged."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from fournines.checks import Finding
from fournines.cloud.timers import LAB, METAL, Timers

Findings = Callable[..., Sequence[Finding]]
Spoilt = Callable[..., str]

_BMC = (
    '    bmc: {address: "10.20.9.[11-13]", system: /redfish/v1/Systems/1, username: f, password_file: /etc/p, '
    "switches: [oob]}\n"
)


def chosen(text: str) -> tuple[str, str]:
    """What adds that to the services of the good design."""
    return ("services:\n", f"services:\n  {text}\n")


def test_a_good_design_has_none(good: str, findings: Findings):
    assert [each for each in findings(good) if each.code.startswith("STRATEGY")] == []


@pytest.mark.parametrize("service", ["galera", "rabbitmq"])
def test_copied_disks_without_fencing(service: str, spoilt: Spoilt, findings: Findings):
    text = spoilt(chosen(f"{service}: {{strategy: active-backup, disk: drbd}}"), (_BMC, ""))
    (found,) = findings(text, "STRATEGY-DRBD")
    assert (found.severity, found.subject) == ("error", service)
    assert "ctl1, ctl2 and ctl3 cannot be fenced" in found.why
    assert "one side's acknowledged writes are lost" in found.why
    assert f"services.{service}.strategy to quorum (the default)" in found.fix
    assert found.loc == ("services", service, "disk")


def test_copied_disks_with_fencing(spoilt: Spoilt, findings: Findings):
    text = spoilt(chosen("galera: {strategy: active-backup}"))
    (found,) = findings(text, "STRATEGY-DRBD")
    assert (found.severity, found.subject) == ("warning", "galera")
    assert "only fencing keeps them" in found.why
    assert not findings(text, "STRATEGY-SHARED-DISK")


def test_two_hosts_that_copy_have_two_votes(spoilt: Spoilt, findings: Findings):
    text = spoilt(
        chosen("galera: {strategy: active-backup}"),
        ("ctl[1-3]:\n    roles: [control]\n    rack: r[1-3]", "ctl[1-2]:\n    roles: [control]\n    rack: r[1-2]"),
        ("[11-13]", "[11-12]"),
    )
    (found,) = findings(text, "STRATEGY-DRBD")
    assert "ctl1 and ctl2 copy the disk of galera to each other and have two votes" in found.why
    assert found.fix.endswith("on three hosts.")


def test_a_shared_disk(spoilt: Spoilt, findings: Findings):
    text = spoilt(chosen("galera: {strategy: active-backup, disk: shared}"))
    (found,) = findings(text, "STRATEGY-SHARED-DISK")
    assert (found.severity, found.subject) == ("error", "galera")
    assert "one shared disk" in found.why
    assert "a token" in found.why
    assert found.loc == ("services", "galera", "disk")
    assert not findings(text, "STRATEGY-DRBD")


@pytest.mark.parametrize("timers", [METAL, LAB])
def test_active_backup_where_a_quorum_is_on_offer(timers: Timers, spoilt: Spoilt, findings: Findings):
    text = spoilt(chosen("galera: {strategy: active-backup}"))
    (found,) = findings(text, "STRATEGY-BACKUP", timers)
    assert (found.severity, found.subject) == ("warning", "galera")
    assert f"up to {timers.disk_failover():.1f} s" in found.why
    assert f"under quorum it costs {timers.database_failover():.1f} s" in found.why
    assert found.loc == ("services", "galera", "strategy")


def test_active_backup_where_members_could_share(spoilt: Spoilt, findings: Findings):
    (found,) = findings(spoilt(chosen("cinder: {strategy: active-backup}")), "STRATEGY-BACKUP")
    assert found.subject == "cinder"
    assert "runs cinder-volume" in found.why
    assert f"up to {METAL.vip_failover():.1f} s" in found.why
    assert "under active-active it costs nothing that clients see" in found.why


def test_somebody_elses_database(spoilt: Spoilt, findings: Findings):
    (found,) = findings(spoilt(chosen("galera: {strategy: external}")), "STRATEGY-EXTERNAL")
    assert (found.code, found.severity, found.subject) == ("STRATEGY-EXTERNAL", "note", "galera")
    assert "not counted here" in found.why
    assert "a token" in found.why
    assert found.loc == ("services", "galera", "strategy")
