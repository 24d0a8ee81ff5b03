"""No input at all gives anything but a Spec or a SpecError whose every line has a place."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from fournines.cloud import load
from fournines.errors import SpecError
from fournines.services import catalogue

CLOUDS = Path(__file__).parents[3] / "clouds"
LAB = (CLOUDS / "lab.yaml").read_bytes()
METAL = (CLOUDS / "metal-example.yaml").read_bytes()

bounded = settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture(scope="module")
def attempt(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes], bool]:
    """Load these bytes; is it a cloud?"""
    path = tmp_path_factory.mktemp("fuzz") / "cloud.yaml"
    line = re.compile(rf"{re.escape(str(path))}:[1-9][0-9]*:[1-9][0-9]*: \S.*")

    def attempt(data: bytes) -> bool:
        path.write_bytes(data)
        try:
            load(path, catalogue())
        except SpecError as error:
            lines = error.message.split("\n")
            assert lines
            assert all(line.fullmatch(each) and each.isprintable() for each in lines), lines
            return False
        return True

    return attempt


@bounded
@given(st.binary(max_size=200))
@example(b'a: "\\UFFFFFFFF"')
@example(b"%YAML 9.9\n---\na: b")
@example(b"a: !<!> b")
@example(b"? ")
@example(b"*a")
@example(b"\xef\xbb\xbf")
def test_any_bytes(attempt: Callable[[bytes], bool], data: bytes) -> None:
    assert not attempt(data)


@bounded
@given(st.text(st.sampled_from("abn019:-?[]{}&*!|>'\"%@`#,.~<= \t\n\r\\\u00e9\u2028\x85\x07"), max_size=120))
def test_yaml_ish_text(attempt: Callable[[bytes], bool], text: str) -> None:
    assert not attempt(text.encode())


VOCABULARY = """
name lab sla provider kind ssh feeds switches racks networks management tunnel cidr vip mtu hosts roles control rack
services strategy galera quorum bmc r[1-3] [1-3] 10.71.0.[11-13] 10.71.0.0/24 10.0.0.1 99.9 a b ~ -1 nan c1 c[1-2]
"""
words = st.sampled_from(VOCABULARY.split())
scalars = words | st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
structures = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words | st.text(max_size=5), inner, max_size=5),
    max_leaves=25,
)


@bounded
@given(st.dictionaries(words, structures, max_size=8))
def test_any_structure(attempt: Callable[[bytes], bool], structure: dict[str, Any]) -> None:
    assert not attempt(flow(structure).encode("utf-8", "backslashreplace"))


def flow(value: object) -> str:
    """One line of YAML with the text of each scalar as it is, quoted where it must be."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(key)}: {flow(inner)}" for key, inner in value.items()) + "}"  # pyright: ignore
    if isinstance(value, list):
        return "[" + ", ".join(flow(inner) for inner in value) + "]"  # pyright: ignore
    return "'" + str(value).replace("'", "''") + "'" if isinstance(value, str) else str(value)


def slots(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a tree."""
    found: list[tuple[Any, Any]] = []
    if isinstance(value, (dict, list)):
        container = cast("Any", value)
        for key in list(container) if isinstance(value, dict) else range(len(container)):
            found += [(container, key), *slots(container[key])]
    return found


@bounded
@given(
    st.sampled_from([LAB, METAL]), st.randoms(use_true_random=False), st.integers(1, 3), st.lists(scalars, min_size=3)
)
def test_mutated_cloud(
    attempt: Callable[[bytes], bool], data: bytes, random: random.Random, mutations: int, values: list[object]
) -> None:
    yaml: Any = YAML(typ="safe", pure=True)
    tree: Any = yaml.load(data)
    for value in values[:mutations]:
        container, key = random.choice(slots(tree))
        match random.choice(("drop", "replace", "rename", "copy", "misspell")):
            case "drop":
                del container[key]
            case "replace":
                container[key] = value
            case "rename" if isinstance(container, dict):
                container[value] = container.pop(key)  # pyright: ignore
            case "copy":
                other, place = random.choice(slots(tree))
                container[key] = copy.deepcopy(other[place])
            case _ if isinstance(container[key], str):
                at = random.randrange(len(container[key]) + 1)
                container[key] = container[key][:at] + random.choice("0a-[] .") + container[key][at + 1 :]
            case _:
                container[key] = [container[key]]
    attempt(flow(tree).encode("utf-8", "backslashreplace"))


@bounded
@given(st.sampled_from([LAB, METAL]), st.randoms(use_true_random=False), st.integers(1, 4))
def test_mutated_text(attempt: Callable[[bytes], bool], data: bytes, random: random.Random, mutations: int) -> None:
    lines = data.splitlines(keepends=True)
    for _ in range(mutations):
        at = random.randrange(len(lines))
        match random.choice(("drop", "double", "indent", "swap", "byte")):
            case "drop" if len(lines) > 1:
                del lines[at]
            case "double":
                lines.insert(at, lines[at])
            case "indent":
                lines[at] = b" " * random.randrange(4) + lines[at].lstrip()
            case "swap":
                other = random.randrange(len(lines))
                lines[at], lines[other] = lines[other], lines[at]
            case _:
                line = bytearray(lines[at])
                line[random.randrange(len(line))] = random.randrange(256)
                lines[at] = bytes(line)
    attempt(b"".join(lines))


def test_the_harness_sees_good_clouds(attempt: Callable[[bytes], bool]) -> None:
    assert attempt(LAB)
    assert attempt(METAL)
    yaml: Any = YAML(typ="safe", pure=True)
    assert attempt(flow(yaml.load(LAB)).encode())
