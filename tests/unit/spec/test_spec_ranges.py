"""Ranges, and what else a good file may look like."""

from __future__ import annotations

import time
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.spec import Spec, load_spec
from fournines.spec.document import Entry, Mapping, Node, Scalar, plain
from fournines.spec.problems import Mark
from fournines.spec.ranges import expand

CLOUDS = Path(__file__).parents[3] / "clouds"
HERE = Mark(1, 1)


def node(value: object) -> Node:
    if isinstance(value, dict):
        return Mapping({str(key): Entry(HERE, node(inner)) for key, inner in value.items()}, HERE)  # pyright: ignore
    return Scalar(str(value), HERE)


def expanded(hosts: dict[str, object]) -> tuple[object, list[str]]:
    root = node({"hosts": hosts})
    assert isinstance(root, Mapping)
    root, problems = expand(root)
    return plain(root.entries["hosts"].value), [problem.text for problem in problems]


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        ({"c1": {"rack": "r"}}, {"c1": {"rack": "r"}}),
        ({"c[1-2]": {"rack": "r"}}, {"c1": {"rack": "r"}, "c2": {"rack": "r"}}),
        ({"c[1-2]": {"rack": "r[8-9]x"}}, {"c1": {"rack": "r8x"}, "c2": {"rack": "r9x"}}),
        ({"c[09-10]b": {}}, {"c09b": {}, "c10b": {}}),
        ({"c[9-10]": {"rack": "[009-010]"}}, {"c9": {"rack": "009"}, "c10": {"rack": "010"}}),
        ({"c[5-5]": {}}, {"c5": {}}),
        (
            {"r[1-2]c[3-4]": {"bmc": {"system": "/[1-2]/[3-4]"}}},
            {"r1c3": {"bmc": {"system": "/1/3"}}, "r2c4": {"bmc": {"system": "/2/4"}}},
        ),
        ({"c[a-b]": {}}, {"c[a-b]": {}}),
    ],
)
def test_ranges(hosts: dict[str, object], expected: object) -> None:
    assert expanded(hosts) == (expected, [])


@given(st.integers(0, 2000), st.integers(0, 60), st.integers(0, 5))
def test_a_range_is_its_numbers_in_order(low: int, more: int, zeros: int) -> None:
    first = "0" * zeros + str(low)
    found, problems = expanded({f"c[{first}-{low + more}]": {}})
    assert not problems
    assert isinstance(found, dict)
    names: list[str] = [str(name)[1:] for name in found]  # pyright: ignore
    assert [int(name) for name in names] == list(range(low, low + more + 1))
    assert all(len(name) == max(len(first), len(str(int(name)))) for name in names)


@pytest.mark.parametrize(
    ("hosts", "problem"),
    [
        ({"c[2-1]": {"rack": "r[1-2]"}}, "the range in 'c[2-1]' ends before it begins"),
        ({"c[1-2]": {"rack": "r[1-3]"}}, "the range in 'r[1-3]' is 3 long, but the name 'c[1-2]' is 2 long"),
        ({"c[1-2]": {"rack": "r[1-2]-[1-3]"}}, "the ranges in 'r[1-2]-[1-3]' differ in length"),
        ({"c1": {"rack": "r[1-1]"}}, None),
        ({"c[1-2]": {}, "c2": {}}, "hosts.c2 is declared twice: here and at line 1"),
    ],
)
def test_bad_ranges(hosts: dict[str, object], problem: str | None) -> None:
    assert expanded(hosts)[1] == ([problem] if problem else [])


def test_lab() -> None:
    spec = load_spec(CLOUDS / "lab.yaml")
    assert list(spec.hosts) == ["c1", "c2", "c3", "n1", "n2", "s1", "s2", "s3", "g1", "g2"]
    assert spec.hosts["c2"].rack == "r2"
    assert spec.hosts["c3"].networks["external"] == IPv4Address("10.71.3.13")
    assert spec.gateway("storage") == IPv4Address("10.71.2.1")
    assert spec.services == {}


def written(tmp_path: Path, text: str) -> Spec:
    path = tmp_path / "cloud.yaml"
    path.write_text(text)
    return load_spec(path)


SMALL = """\
name: n1
networks: {management: {cidr: 10.0.0.0/24, vip: 10.0.0.9}}
hosts: {c1: {roles: [control], networks: {management: 10.0.0.2}}}
"""


def test_small(tmp_path: Path) -> None:
    spec = written(tmp_path, SMALL)
    assert (spec.sla, spec.region, spec.cell, spec.provider.kind) == (99.99, "RegionOne", "cell1", "lab")
    assert spec.networks["management"].mtu == 1500


def test_words_stay_as_written(tmp_path: Path) -> None:
    spec = written(tmp_path, SMALL + "feeds: [1, no, 0x1f, 1e3, 010, true]\nservices: {x: {fence_action: off}}\n")
    assert spec.feeds == ("1", "no", "0x1f", "1e3", "010", "true")
    assert spec.services["x"].options == {"fence_action": "off"}


def test_keys_without_values_are_as_if_not_written(tmp_path: Path) -> None:
    spec = written(tmp_path, SMALL + "sla:\nracks:\nfeeds: ~\nservices:\n  galera:\n")
    assert (spec.sla, spec.racks, spec.feeds) == (99.99, {}, ())
    assert spec.services["galera"].strategy is None


def test_aliases_are_copies(tmp_path: Path) -> None:
    spec = written(tmp_path, SMALL + "switches: &s [a, b]\nfeeds: *s\n")
    assert spec.feeds == spec.switches == ("a", "b")


def test_no_gateway_on_networks_of_others(tmp_path: Path) -> None:
    assert written(tmp_path, SMALL + "provider: {kind: ssh}\n").gateway("management") is None


def test_loading_is_fast(tmp_path: Path) -> None:
    """Processor time, because others may use this machine too. Limits are several times what was measured."""
    start = time.process_time()
    load_spec(CLOUDS / "lab.yaml")
    assert time.process_time() - start < 0.15
    hosts = "".join(
        f"  h{i}: {{roles: [compute], rack: r{i % 40}, networks: {{management: 10.0.{i // 200}.{i % 200 + 11}}}}}\n"
        for i in range(1000)
    )
    text = (
        "name: big\nracks: {'r[0-39]': {}}\nnetworks: {management: {cidr: 10.0.0.0/16, vip: 10.0.0.9}}\nhosts:\n"
    ) + hosts
    start = time.process_time()
    assert len(written(tmp_path, text).hosts) == 1000
    assert time.process_time() - start < 4
