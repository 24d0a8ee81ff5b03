"""Which host can be spared, and what is in maintenance, from what was seen."""

from __future__ import annotations

import pytest
from maintenance_views import GONE, cloud, ill, well

from fournines.cloud import Cloud
from fournines.maintain import REASON, duties, in_maintenance, unknown
from fournines.maintain.api import servers
from fournines.maintain.plan import majorities, refusal


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Cloud:
    return cloud(tmp_path_factory.mktemp("cloud"))


def test_duties_come_in_the_order_that_they_declare(small: Cloud) -> None:
    assert [duty.name for duty in duties(small, "n1")] == ["network", "storage", "control", "api"]
    assert [duty.name for duty in duties(small, "g1")] == ["compute"]


def test_servers_of_apis_are_those_of_the_host(small: Cloud) -> None:
    own = servers(small, "n2")
    assert own["10.72.0.12:5000"] == "keystone"
    assert {"glance", "nova", "neutron", "radosgw"} <= set(own.values())
    assert all(server.startswith("10.72.0.12:") for server in own)
    assert servers(small, "g1") == {}


def test_what_is_in_maintenance_is_what_the_cloud_says(small: Cloud) -> None:
    assert in_maintenance(small, well(small)) == {}
    views = well(
        small,
        disabled={"g2": REASON, "g1": "broken fan"},
        described={"n1": f"{REASON}: disk", "n2": "by the door"},
        standby=["n1"],
        noout=["n1", "a-rack"],
    )
    assert in_maintenance(small, views) == {"n1": ("control", "network", "storage"), "g2": ("compute",)}


def test_what_nobody_says_is_not_known(small: Cloud) -> None:
    views = well(small)
    assert unknown(small, views) == []
    assert unknown(small, {**views, "n1": GONE, "n2": GONE}) == []
    assert unknown(small, {**views, "n1": GONE, "n2": GONE, "n3": GONE}) == ["compute", "control", "network", "storage"]


def test_a_cloud_that_is_well_can_spare_any_host(small: Cloud) -> None:
    for host in small.hosts:
        assert refusal(small, well(small), {}, host.name) is None


def test_one_host_at_a_time(small: Cloud) -> None:
    why = refusal(small, well(small), {"g2": ("compute",)}, "g1")
    assert why == ("g2 is in maintenance: one host at a time", "nines maintain g2 --done")
    assert refusal(small, well(small), {"g1": ("compute",)}, "g1") is None, "it goes on"


def test_the_others_must_be_well(small: Cloud) -> None:
    why = refusal(small, ill(well(small), "n2", "keystone"), {}, "g1")
    assert why is not None
    assert "keystone on n2: broken" in why[0]
    why = refusal(small, {**well(small), "n3": GONE}, {}, "n1")
    assert why is not None
    assert "n3 does not answer: is off" in why[0]


def test_the_host_itself_may_be_ill_but_must_answer(small: Cloud) -> None:
    assert refusal(small, ill(well(small), "n2", "keystone"), {}, "n2") is None
    why = refusal(small, {**well(small), "g1": GONE}, {}, "g1")
    assert why is not None
    assert why[0].startswith("g1 does not answer")
    assert refusal(small, {**well(small), "g1": GONE}, {"g1": ("compute",)}, "g1") is None, "it is out already"


def test_a_majority_must_be_left(small: Cloud) -> None:
    two = ill(well(small), "n2", "galera")
    assert majorities(small, two, "n2") == [], "what does not serve is not missed"
    (line,) = majorities(small, two, "n1")
    assert line.startswith("galera (2 of 3 ready, writer n1) needs more than half of 3 besides n1")
    assert majorities(small, two, "g1") == []


def test_the_only_controller_must_stay() -> None:
    from fournines.cli.clouds import load_placed

    design, _ = load_placed("two-controllers")
    for host in design.having("control"):
        views = well(design)
        assert refusal(design, views, {}, host.name) is not None
