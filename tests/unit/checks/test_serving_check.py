"""What controllers serve at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from fournines.checks import Finding
from fournines.checks.serving import Opened, opened
from fournines.cloud import load
from fournines.services import _database, catalogue
from fournines.services._database import OVERFLOW, POOL
from fournines.state import Vault

Findings = Callable[..., Sequence[Finding]]
Spoilt = Callable[..., str]
LAB = Path(__file__).parents[3] / "clouds/lab.yaml"


def test_too_many_requests_at_once(spoilt: Spoilt, good: str, findings: Findings) -> None:
    assert not findings(good, "CAPACITY-API"), "two controllers with three requests at Nova each"
    (found,) = findings(spoilt(("requests_at_once: 6", "requests_at_once: 7")), "CAPACITY-API")
    assert (found.severity, found.subject, found.loc) == ("warning", "nova", ("load", "requests_at_once"))
    assert "the others serve 6 at a time at nova (3 each)" in found.why
    more = ("services:\n", "services:\n  nova: {api_processes: 6}\n")
    assert not findings(spoilt(("requests_at_once: 6", "requests_at_once: 7"), more), "CAPACITY-API")


def test_the_tightest_api_is_named_and_the_others_listed(spoilt: Spoilt, findings: Findings) -> None:
    (found,) = findings(spoilt(("requests_at_once: 6", "requests_at_once: 20")), "CAPACITY-API")
    assert found.subject == "nova"
    assert "neutron" in found.why
    assert "keystone" not in found.why, "12 each"


def test_the_pools_are_those_that_are_rendered(tmp_path: Path) -> None:
    options = _database.oslo_options(load(LAB, catalogue()), Vault(tmp_path), "glance")
    assert (options["max_pool_size"], options["max_overflow"]) == (POOL, OVERFLOW)


def test_what_daemons_open(tmp_path: Path) -> None:
    cloud = load(LAB, catalogue())

    def of(name: str) -> Opened:
        return opened(catalogue()[name], cloud.services[name], cloud)

    assert of("keystone") == Opened(5, 16), "one process, 16 threads"
    assert of("neutron") == Opened(5 + 2 * 5, 8 + 2 * 25), "and two workers"
    # Two APIs that serve one request at a time and three workers, each with its own, the cell's and cell0's database.
    assert of("nova") == Opened(3 * (2 + 3 * 5), 3 * (2 + 3 * 25))
    assert of("haproxy") == Opened(0, 0)
    file = tmp_path / "lab.yaml"
    file.write_text(LAB.read_text() + "services: {nova: {conductor_workers: 4}, keystone: {processes: 3}}\n")
    cloud = load(file, catalogue())
    assert of("nova").kept == 3 * (2 + 6 * 5)
    assert of("keystone") == Opened(15, 48)


def test_more_connections_than_the_writer_takes(spoilt: Spoilt, good: str, findings: Findings) -> None:
    assert not findings(good, "CAPACITY-DATABASE"), "the default is enough for all to be busy at the same time"
    galera = "services:\n  galera: {max_connections: "
    (found,) = findings(spoilt(("services:\n", galera + "1000}\n")), "CAPACITY-DATABASE")
    assert (found.severity, found.subject) == ("note", "galera"), "only if all were busy at the same time"
    (found,) = findings(spoilt(("services:\n", galera + "300}\n")), "CAPACITY-DATABASE")
    assert (found.severity, found.loc) == ("error", ("services", "galera", "max_connections"))
    assert "345 connections" in found.why
    assert "it takes 300" in found.why


def test_a_load_that_nobody_says_is_told_with_what_there_is_room_for(
    spoilt: Spoilt, good: str, findings: Findings
) -> None:
    assert not findings(good, "CAPACITY-API-UNKNOWN")
    (found,) = findings(spoilt((", requests_at_once: 6", "")), "CAPACITY-API-UNKNOWN")
    assert (found.severity, found.subject, found.loc) == ("note", "controllers", ("load",))
    assert "the others serve 6 requests at a time at nova, the least of all APIs" in found.why
