from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from fournines.cloud.model import Cloud, Host, Network
from fournines.errors import PreflightError
from fournines.lab import image, preflight
from fournines.state import State

MEMINFO = "MemTotal:       24684544 kB\nMemFree:  100 kB\nMemAvailable:   {} kB\n"


def cloud(gateway: IPv4Address | None = None) -> Cloud:
    management = Network("management", IPv4Network("10.99.0.0/24"), None, gateway, 1500)
    hosts = tuple(
        Host(
            name=f"c{i}",
            index=i,
            roles=frozenset({"control"}),
            rack=None,
            zone="nova",
            feeds=(),
            switches=(),
            addresses={"management": IPv4Address(f"10.99.0.1{i}")},
            bmc=None,
            ssh=None,
        )
        for i in (1, 2, 3)
    )
    return Cloud("pre", "RegionOne", "cell1", 0.999, "lab", {"management": management}, hosts, {})


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    monkeypatch.setenv("NINES_STATE", str(tmp_path))
    return State("pre")


def test_memory_is_what_is_available_not_what_is_free() -> None:
    assert preflight.available_memory_mb(MEMINFO.format(2048000)) == 2000


def test_everything_that_is_missing_is_told_at_once(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("shutil.which", lambda name: None if name in ("mmdebstrap", "systemd-nspawn") else name)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    monkeypatch.setattr(preflight, "available_memory_mb", lambda text: 10)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    with pytest.raises(PreflightError) as caught:
        preflight.require(cloud(), state, image.recipe([]))
    text = str(caught.value)
    for part in ("root", "mmdebstrap, systemd-nspawn", "MiB of memory, 10 MiB", "has no gateway"):
        assert part in text
    assert "apt-get install mmdebstrap systemd-container" in text
    assert "nines schema" in caught.value.remedy


def test_a_built_image_needs_no_builder(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("shutil.which", lambda name: None if name == "mmdebstrap" else name)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    recipe = image.recipe([])
    image.path_of(recipe).mkdir(parents=True)
    problems = preflight.check(cloud(IPv4Address("10.99.0.1")), state, recipe)
    assert not [problem for problem in problems if "mmdebstrap" in problem.what]


def test_capabilities_are_read_from_the_effective_set() -> None:
    everything, nothing = "CapEff:\t000001ffffffffff\n", "CapEff:\t0000000000000000\n"
    no_admin = f"CapEff:\t{0x1FFFFFFFFFF & ~(1 << 21):016x}\n"
    find = preflight.missing_capabilities
    assert find(everything) == []
    assert find(no_admin) == ["CAP_SYS_ADMIN"]
    assert len(find(nothing)) == 8
