"""What is taken of a real cloud's predictions."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from drilled_clouds import campaign

from fournines.cloud import Cloud
from fournines.cloud.resolve import load
from fournines.posterior.design import design
from fournines.posterior.model import Cut, Design
from fournines.posterior.posterior import posterior
from fournines.predict.prediction import predict
from fournines.predict.rates import rates
from fournines.services import catalogue

LAB = Path(__file__).parents[3] / "clouds/lab.yaml"


@cache
def lab() -> tuple[Cloud, Design]:
    cloud = load(LAB, catalogue())
    return cloud, design(cloud)


def cuts() -> dict[tuple[str, ...], Cut]:
    return {cut.parts: cut for model in lab()[1].models for cut in model.cuts}


def test_models_are_what_predict_says() -> None:
    cloud, found = lab()
    assert found.failover == (0.99, 0.9, 0.999)
    for model, prediction in zip(found.models, predict(cloud), strict=True):
        assert (model.name, model.budget_s) == (prediction.name, prediction.budget_s)
        failovers = sum(
            each.per_year * each.share * (each.coverage * each.seconds + (1 - each.coverage) * each.failed_seconds)
            for each in model.takeovers
        )
        assert model.per_year * model.mean_s + failovers == pytest.approx(prediction.downtime_s)
        assert all(sum(each.kinds.values()) == pytest.approx(1) for each in model.takeovers)
        covered = sum(cut.probability for cut in model.cuts) / prediction.analysis.unavailability
        assert covered == pytest.approx(1, abs=1e-3), "the likeliest cut sets are nearly all of it"


def test_rates_of_parts() -> None:
    (takeover,) = (each for each in lab()[1].models[0].takeovers if each.key == ("galera", "hosts"))
    assert takeover.kinds.keys() == {"hardware", "system"}
    assert takeover.kinds["system"] == pytest.approx(3.028 / 4.028, abs=0.001)
    assert (takeover.each, takeover.members) == (False, frozenset({"c1", "c2", "c3"}))
    for cut in cuts().values():
        assert all(sum(kinds.values()) == pytest.approx(1) for kinds in cut.kinds)


@pytest.mark.parametrize(
    ("parts", "hosts", "daemons"),
    [
        (("host s1", "host s2"), "s1 s2", ""),
        (("ceph on s1", "host s2"), "s2", "ceph@s1"),
        (("all storage hosts at once",), "s1 s2 s3", ""),
        (("all of galera at once",), "", "galera@c1 galera@c2 galera@c3"),
        (("all feeds at once",), "c1 c2 c3 g1 g2 n1 n2 s1 s2 s3", ""),
        (("all switches at once",), "c1 c2 c3 g1 g2 n1 n2 s1 s2 s3", ""),
        (("host s1", "rack r2"), "c2 g2 n2 s1 s2", ""),
    ],
)
def test_what_is_down_with_a_cut_set(parts: tuple[str, ...], hosts: str, daemons: str) -> None:
    found = cuts()[parts]
    assert found.hosts == set(hosts.split())
    assert {f"{service}@{host}" for service, host in found.daemons} == set(daemons.split())
    assert found.drillable


def test_a_cloud_after_a_campaign() -> None:
    """Hundreds of drills of one kind still leave what was not drilled assumed."""
    cloud, found = lab()
    views = [
        *campaign(30),
        *campaign(40, 1, 2, first=100, roles=("storage",), target="storage", hosts=("s1",), column="volume-io"),
        *campaign(3, first=300, target="storage:2", roles=("storage",), hosts=("s2", "s3"), blocks=True),
    ]
    after, before = (posterior(each, found, rates(cloud), worlds=200) for each in (views, []))
    by_name = {each.name: each for each in after.services}
    assert "haproxy, lost hosts" not in by_name["token"].undrilled
    assert "galera, lost daemons" in by_name["token"].undrilled
    assert "ceph-osd, lost hosts" not in by_name["volume-io"].undrilled
    assert by_name["dhcp"] == next(each for each in before.services if each.name == "dhcp")
    assert all(0 < each.met.low <= each.met.mean <= each.met.high < 1 for each in after.services)
    pairs = {each.parts: each for each in after.cuts}
    assert pairs["host s2", "host s3"].drills
    assert pairs["host s1", "host s2"].alike
    assert pairs["all feeds at once",].assumed


def test_before_any_drill_it_says_what_predict_says() -> None:
    """But for rates and coverage that are not known, which makes bad years likelier."""
    cloud, found = lab()
    own = posterior([], found, rates(cloud), worlds=400)
    for each, prediction in zip(own.services, predict(cloud), strict=True):
        assert each.met_assumed == pytest.approx(prediction.downtime.p_met, abs=0.08)
        assert each.minutes.mean == pytest.approx(prediction.downtime_s / 60, rel=0.15)
