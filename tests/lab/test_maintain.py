"""Maintenance of each kind of host, there and back, while clients go on: nothing fails but for a moment of each guest
and router that moves.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Generator
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from standing_lab import Standing, of_guests
from test_drain import UNPROVEN, holder, lost, probed

from fournines.demo.ask import ask
from fournines.errors import NinesError
from fournines.prove.targets import resolve

pytestmark = [
    pytest.mark.lab,
    of_guests,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(os.geteuid() != 0, reason="a lab needs root: namespaces, mounts and cgroups"),
]

LIVE_MIGRATION_S = 10.0
ROUTER_MOVE_S = 6.0


class Answers:
    """When the guest answered."""

    def __init__(self, address: IPv4Address) -> None:
        self.address = address
        self.times: list[float] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def _ask(self) -> None:
        while not self._over.wait(0.1):
            with contextlib.suppress(OSError, NinesError):
                ask(self.address, timeout=1)
                self.times.append(time.monotonic())

    @property
    def longest_gap(self) -> float:
        assert len(self.times) > 20, "nothing was measured"
        return max(later - earlier for earlier, later in zip(self.times, self.times[1:], strict=False))

    @contextlib.contextmanager
    def recorded(self) -> Generator[None]:
        """From an answer to an answer: a gap at the end counts too."""
        ask(self.address, timeout=10)
        self._thread.start()
        try:
            time.sleep(2)
            yield
            time.sleep(3)
        finally:
            self._over.set()
            self._thread.join()
        ask(self.address, timeout=30)
        self.times.append(time.monotonic())


@contextlib.contextmanager
def given_back(standing: Standing, host: str) -> Generator[None]:
    """Whatever happens inside."""
    try:
        yield
    finally:
        standing.nines("maintain", host, "--done")


def test_a_compute_host_leaves_its_guest_running_elsewhere(standing: Standing) -> None:
    demo = standing.json("demo")
    host, address = demo["host"], IPv4Address(demo["address"])
    before = ask(address, timeout=10)
    answers = Answers(address)
    with given_back(standing, host):
        with answers.recorded():
            told = standing.json("maintain", host)
        assert told["duties"] == ["compute"]
        assert answers.longest_gap < LIVE_MIGRATION_S
        again = standing.json("demo")
        assert again["server"] == demo["server"]
        assert again["host"] != host
        after = ask(address, timeout=10)
        assert after.boot_id == before.boot_id, "it was migrated, and not started again"
        assert standing.json("status", exits=(0, 1))["maintenance"] == {host: ["compute"]}
        assert standing.json("maintain")["maintenance"] == {host: ["compute"]}
        # The other one has to carry it now.
        assert "one host at a time" in standing.nines("maintain", again["host"], exits=(1,)).stderr
        # Again, as after a run that was killed.
        assert standing.json("maintain", host)["in_maintenance"] is True
    assert standing.json("status", exits=(0, 1))["maintenance"] == {}
    assert "nothing to do" in standing.nines("maintain", host, "--done").stdout


def test_a_network_host_leaves_its_routers_to_another_one(standing: Standing) -> None:
    demo = standing.json("demo")
    (host,) = resolve("router", standing.views(), standing.cloud)
    answers = Answers(IPv4Address(demo["address"]))
    with answers.recorded():
        with given_back(standing, host):
            assert standing.json("maintain", host)["duties"] == ["network"]
            facts = standing.views()[host].services["neutron-l3"].facts
            assert facts is not None
            assert facts["ready"] == facts["active"] == []
            assert resolve("router", standing.views(), standing.cloud) != (host,)
        facts = standing.views()[host].services["neutron-l3"].facts
        assert facts is not None
        assert facts["ready"] != []
        assert facts["active"] == [], "it was moved, and is not moved back"
    assert answers.longest_gap < ROUTER_MOVE_S


def there_and_back(standing: Standing, host: str, meanwhile: Callable[[], object]) -> Callable[[], None]:
    def action() -> None:
        with given_back(standing, host):
            standing.nines("maintain", host)
            meanwhile()

    return action


@pytest.mark.parametrize(
    "only", [pytest.param("token", id="tokens"), pytest.param("", id="every probe", marks=UNPROVEN)]
)
def test_a_controller_costs_no_request(standing: Standing, tmp_path: Path, only: str) -> None:
    host = holder(standing)
    seen = probed(standing, tmp_path, there_and_back(standing, host, lambda: time.sleep(2)))
    assert lost([sample for sample in seen if only in ("", sample.probe)]) == []
    assert holder(standing) != host, "it was moved, and is not moved back"


def test_a_storage_host_that_is_switched_off_costs_no_token(standing: Standing, tmp_path: Path) -> None:
    def off_and_on() -> None:
        # Another mon's host is no better: all that it serves was taken from it.
        standing.power("s2").power_off()
        time.sleep(5)
        standing.power("s2").power_on()

    seen = probed(standing, tmp_path, there_and_back(standing, "s2", off_and_on))
    assert lost([sample for sample in seen if sample.probe == "token"]) == []
    facts = standing.views()["s1"].services["ceph"].facts
    assert facts is not None
    assert facts["noout"] == []


def test_two_storage_hosts_at_a_time_are_refused(standing: Standing) -> None:
    with given_back(standing, "s3"):
        standing.nines("maintain", "s3")
        assert "s3 is in maintenance" in standing.nines("maintain", "s1", exits=(1,)).stderr
