"""Clouds of many hosts: their diagrams stay small, and where they cannot, that is said."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, permutations
from pathlib import Path
from random import Random

import large_cloud
import pytest
from designs import changed

from fournines.availability.bdd import Bdd
from fournines.availability.cut_sets import minimal
from fournines.availability.nodes import TooManyNodesError
from fournines.availability.tree import FaultTree, Gate
from fournines.checks import Design, run
from fournines.cloud import Cloud
from fournines.errors import NinesError
from fournines.predict.prediction import predict
from fournines.predict.structure import Structure, Structures
from fournines.predict.visible import offered

HOSTS = 300


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Cloud:
    return changed(tmp_path_factory.mktemp("large") / "cloud.yaml", large_cloud.text(HOSTS))


def structures(cloud: Cloud) -> dict[str, Structure]:
    made = Structures(cloud)
    return {visible.name: made.of(visible) for visible in offered(cloud)}


def test_diagrams_grow_with_hosts_and_no_faster(large: Cloud, tmp_path: Path) -> None:
    double = changed(tmp_path / "cloud.yaml", large_cloud.text(2 * HOSTS))
    assert (len(large.hosts), len(double.hosts)) == (HOSTS, 2 * HOSTS)
    small, twice = structures(large), structures(double)
    assert small.keys() == twice.keys() >= {"token", "create-guest", "attach-volume", "guest", "s3"}
    for name, each in small.items():
        assert each.bdd.size < 20 * len(each.parts) + 1000, name
        assert twice[name].bdd.size < 3 * each.bdd.size + 1000, name


def test_every_service_is_predicted(large: Cloud) -> None:
    for found in predict(large, years=100):
        told = found.as_json()
        assert 0.99 < told["availability"] < 1, found.name
        assert len(told["cut_sets"]) == 20
        assert [*found.analysis.structure.singles] == minimal(found.analysis.structure.bdd, 1).singles()


def test_a_bad_order_makes_the_same_tree_explode(large: Cloud) -> None:
    found = structures(large)["attach-volume"]
    assert found.bdd.size < 20_000
    shuffled = [*found.parts]
    Random(1).shuffle(shuffled)
    with pytest.raises(TooManyNodesError):
        Bdd.of(found.tree, shuffled, most=200_000)


def test_an_order_that_is_only_a_hint_does_no_harm(large: Cloud) -> None:
    found = structures(large)["volume-io"]
    shuffled = sorted(found.parts, key=lambda name: (len(name) % 7, name))
    chances = dict.fromkeys(found.parts, 1e-3)
    badly = Bdd.of(found.tree, hint=shuffled, most=400_000)
    assert badly.probability(chances) == pytest.approx(found.bdd.probability(chances), rel=1e-9)
    unknown = Bdd.of(found.tree, hint=["what nobody knows"], most=400_000)
    assert unknown.probability(chances) == pytest.approx(found.bdd.probability(chances), rel=1e-9)


def test_a_hint_is_tried_first() -> None:
    tree = FaultTree("top", {"top": Gate("atleast", ("a", "b", "c"), 2)}, dict.fromkeys("abc", 0.1))
    for hint in permutations("abc"):
        assert tuple(Bdd.of(tree, hint=hint).order) == hint


def test_so_many_voters_that_no_order_helps_are_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = changed(tmp_path / "cloud.yaml", large_cloud.text(160, controllers=12))

    def tried(tree: FaultTree, *, hint: Sequence[str]) -> Bdd:
        pytest.fail(f"a diagram of {tree.top} was tried")

    monkeypatch.setattr(Bdd, "of", staticmethod(tried))
    with pytest.raises(NinesError, match="12 hosts decide together") as told:
        [found.availability for found in predict(many)]
    assert "control to seven hosts or fewer" in told.value.remedy
    assert "QUORUM-MANY" in told.value.remedy
    assert "QUORUM-MANY" in {found.code for found in run(Design(many))}, "checks need no diagram"


def test_a_diagram_that_grows_too_large_all_the_same_is_told(large: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = Bdd.of

    def bounded(tree: FaultTree, *, hint: Sequence[str]) -> Bdd:
        return usual(tree, most=500, hint=hint)

    monkeypatch.setattr(Bdd, "of", staticmethod(bounded))
    with pytest.raises(NinesError, match="3 hosts decide together"):
        [found.availability for found in predict(large)]


def test_each_two_more_voters_make_diagrams_five_times_as_large_at_most(tmp_path: Path) -> None:
    sizes: list[int] = []
    for controllers in (3, 5, 7, 9):
        cloud = changed(tmp_path / "cloud.yaml", large_cloud.text(160, controllers=controllers))
        sizes.append(structures(cloud)["api-write"].bdd.size)
    assert all(more < 5 * fewer for fewer, more in pairwise(sizes)), sizes
    assert sizes[-1] < 100_000
