"""Which cloud file is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from fournines.cloud import find_cloud
from fournines.errors import SpecError

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("NINES_CLOUD", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_default_is_the_lab_of_the_checkout() -> None:
    assert find_cloud() == find_cloud("lab") == CHECKOUT / "clouds/lab.yaml"


def test_clouds_here_come_first(elsewhere: Path) -> None:
    (elsewhere / "clouds").mkdir()
    (elsewhere / "clouds/lab.yaml").touch()
    (elsewhere / "clouds/mine.yaml").touch()
    assert find_cloud("lab") == Path("clouds/lab.yaml")
    assert find_cloud("mine") == Path("clouds/mine.yaml")
    assert find_cloud("metal-example") == CHECKOUT / "clouds/metal-example.yaml"


def test_a_path_is_taken_as_given(elsewhere: Path) -> None:
    file = elsewhere / "x.yaml"
    file.touch()
    assert find_cloud(str(file)) == file
    assert find_cloud("x.yaml") == Path("x.yaml")
    assert find_cloud("./x.yaml") == Path("x.yaml")


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NINES_CLOUD", "metal-example")
    assert find_cloud() == CHECKOUT / "clouds/metal-example.yaml"
    assert find_cloud("lab") == CHECKOUT / "clouds/lab.yaml"
    monkeypatch.setenv("NINES_CLOUD", "")
    assert find_cloud() == CHECKOUT / "clouds/lab.yaml"
    monkeypatch.setenv("NINES_CLOUD", "gone")
    with pytest.raises(SpecError, match=r"'gone' \(from NINES_CLOUD\)"):
        find_cloud()


@pytest.mark.parametrize(
    ("wanted", "end"),
    [("lba", "did you mean lab?"), ("metal", "did you mean metal-example?"), ("zzz", "; there is lab, ")],
)
def test_near_names(wanted: str, end: str) -> None:
    with pytest.raises(SpecError) as caught:
        find_cloud(wanted)
    assert caught.value.exit_code == 2
    assert f"no cloud file {wanted!r}" in caught.value.message
    assert end in caught.value.message


@pytest.mark.parametrize("wanted", ["a\0b", "x" * 5000, "no/such/folder.yaml", "~", "lab.yml", "\udcff"])
def test_odd_names(wanted: str) -> None:
    with pytest.raises(SpecError, match="there is no cloud file") as caught:
        find_cloud(wanted)
    caught.value.message.encode()
