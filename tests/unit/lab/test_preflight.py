from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from fournines.cli.clouds import load
from fournines.cloud.model import Cloud, Host, Network
from fournines.errors import PreflightError
from fournines.lab import image, preflight
from fournines.state import State

MEMINFO = "MemTotal:       24684544 kB\nMemFree:  100 kB\nMemAvailable:   {} kB\n"


def cloud(gateway: IPv4Address | None = None, name: str = "pre", hosts: int = 3) -> Cloud:
    management = Network("management", IPv4Network("10.99.0.0/24"), None, gateway, 1500)
    made = tuple(
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
        for i in range(1, hosts + 1)
    )
    return Cloud(name, "RegionOne", "cell1", 0.999, "lab", {"management": management}, made, {})


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


# Without services a host is taken for 60 MiB, and 400 are to spare: 580 for three hosts, 460 for one, 640 for four.
@pytest.mark.parametrize(
    ("free", "smaller", "remedy"),
    [
        (580, cloud(name="small", hosts=1), None),
        (579, cloud(name="small", hosts=1), "nines up small: its 1 hosts need about 460 MiB"),
        (460, cloud(name="small", hosts=1), "nines up small: its 1 hosts need about 460 MiB"),
        (459, cloud(name="small", hosts=1), "free 121 MiB, or 1 MiB for the smaller one: nines up small"),
        (459, cloud(name="small", hosts=4), "free 121 MiB, or declare fewer hosts"),
        (579, cloud(hosts=1), "free 1 MiB, or declare fewer hosts"),
        (579, None, "free 1 MiB, or declare fewer hosts"),
    ],
)
def test_a_machine_with_too_little_memory_is_told_what_would_fit(
    state: State, monkeypatch: pytest.MonkeyPatch, free: int, smaller: Cloud | None, remedy: str | None
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(preflight, "available_memory_mb", lambda text: free)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    problems = preflight.check(cloud(IPv4Address("10.99.0.1")), state, image.recipe([]), lambda: smaller)
    told = [problem for problem in problems if "MiB of memory" in problem.what]
    assert [problem.remedy for problem in told] == ([remedy] if remedy else [])
    assert all(f"3 hosts need about 580 MiB of memory, {free} MiB" in problem.what for problem in told)


def test_what_the_default_lab_takes() -> None:
    """As measured: three controllers of 2.75 GB take most of it."""
    lab = load("lab")
    assert 13_000 < preflight.memory_mb(lab, lab.hosts) < 15_000
    assert preflight.memory_mb(lab, lab.having("control")) > preflight.memory_mb(lab, lab.hosts) / 2


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
