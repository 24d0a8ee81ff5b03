"""What is predicted, against what can be computed on paper, published, or simulated in another way."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

import pytest
from designs import analysed, cloud, predicted

from fournines.availability import renewal
from fournines.availability.streams import YEAR_S, Exponential, Fixed, expected
from fournines.predict.prediction import Prediction, predict

KINDS = "hardware", "system", "daemon", "disk", "rack", "feed", "switch"
HOURS = 8760.0


def only(**rates: str) -> list[str]:
    """Changes by which nothing else fails than these, and no failover costs anything."""
    quiet = [f"rates.{kind}.per_year=0" for kind in KINDS if kind not in rates]
    return [*quiet, "rates.failover.counted=false", *(f"rates.{kind}={said}" for kind, said in rates.items())]


def host(beta: float) -> str:
    """Down for a thousandth of the time."""
    return f"{{mttf_hours: 999, repair_hours: 1, coverage: 0, beta: {beta}}}"


def two_of_three(u: float) -> float:
    """That at least two of three are down."""
    return 3 * u**2 - 2 * u**3


@pytest.mark.parametrize(("beta", "published"), [(0, 2.998e-6), (0.05, 5.27e-5), (0.1, 1.02e-4)])
def test_two_of_three_hosts_with_and_without_common_causes_are_as_published(beta: float, published: float) -> None:
    """Keystone on three controllers, whose database, bus and VIP live by majority."""
    found = predicted("token", "lab", *only(hardware=host(beta)))
    alone, common = (1 - beta) * 1e-3, beta * 1e-3
    exact = 1 - (1 - two_of_three(alone)) * (1 - common)
    assert found.analysis.unavailability == pytest.approx(exact, rel=1e-12)
    assert found.availability == pytest.approx(1 - exact, rel=1e-12)
    assert exact == pytest.approx(published, rel=5e-3)


def test_how_often_two_of_three_are_down_and_how_long() -> None:
    found = predicted("token", "lab", *only(hardware=host(0)))
    u = 1e-3
    often = 3 * 2 * u * (1 - u) * (HOURS / 999) * (1 - u)
    assert found.analysis.outages_per_year == pytest.approx(often, rel=1e-12)
    (stream,) = found.streams
    assert stream.per_year * stream.mean_s == pytest.approx(two_of_three(u) * YEAR_S, rel=1e-12)
    assert stream.mean_s == pytest.approx(1800, rel=1e-3), "of two repairs that take an hour each either ends it"


def test_a_host_is_down_by_its_hardware_or_its_system() -> None:
    """Published: 8760 h / 100 min and 2893 h / 15 min in series."""
    rates = {
        "hardware": "{mttf_hours: 8760, repair_hours: 1.6666666666666667, beta: 0}",
        "system": "{mttf_hours: 2893, repair_hours: 0.25, beta: 0}",
    }
    up = 8760 / (8760 + 100 / 60) * 2893 / 2893.25
    found = analysed("guest", "small", *only(**rates))
    assert found.chances["host g1"] == pytest.approx(1 - up, rel=1e-12)
    assert found.unavailability == pytest.approx(1 - up * (1 - two_of_three(1 - up)), rel=1e-9)


def test_disks_of_one_host_are_one_loss() -> None:
    found = analysed("volume-io", "lab", *only(disk="{mttf_hours: 999, repair_hours: 1}"))
    assert found.unavailability == pytest.approx(two_of_three(1 - 0.999**2), rel=1e-12)


def test_two_feeds_have_something_in_common() -> None:
    found = analysed("token", "lab", *only(feed=host(0.1)))
    assert found.unavailability == pytest.approx(1 - (1 - 9e-4**2) * (1 - 1e-4), rel=1e-12)


def test_feeds_that_no_host_has_both_of_have_as_much_in_common() -> None:
    one_each = [f"racks.r{rack}.feeds=[{feed}]" for rack, feed in ((1, "a"), (2, "b"), (3, "b"))]
    found = analysed("token", "lab", *one_each, *only(feed=host(0.1)))
    assert found.unavailability == pytest.approx(1 - (1 - 9e-4) * (1 - 1e-4), rel=1e-12), "feed b carries two of three"
    apart = [f"racks.r{rack}.feeds=[{feed}]" for rack, feed in ((1, "a"), (2, "b"), (3, "c"))]
    found = analysed("token", "lab", "feeds=[a, b, c]", *apart, *only(feed=host(0.1)))
    assert found.unavailability == pytest.approx(1 - (1 - two_of_three(9e-4)) * (1 - 1e-4), rel=1e-12)


def test_who_has_one_feed_bears_all_of_its_failures() -> None:
    """Also those that strike the other feed of others."""
    found = analysed("volume-io", "good", "racks.r1.feeds=[a]", "racks.r2.feeds=[a]", *only(feed=host(0.1)))
    assert found.unavailability == pytest.approx(1 - (1 - 9e-4) * (1 - 1e-4), rel=1e-12)


def test_a_daemon_that_comes_back_by_itself_is_down_for_seconds() -> None:
    rate = "{mttf_hours: 1000, repair_hours: 2, restart_seconds: 36, coverage: 0.9, beta: 0}"
    found = analysed("token", "lab", *only(daemon=rate))
    down = 0.9 * 0.01 + 0.1 * 2
    assert found.chances["galera on c1"] == pytest.approx(down / (1000 + down), rel=1e-12)
    assert found.structure.parts["galera on c1"].per_year(found.rates) == pytest.approx(
        HOURS / (1000 + down), rel=1e-12
    )


def test_what_fails_in_common_and_alone_is_all_that_fails() -> None:
    """One of a group, and the group, are together as unavailable as one that has none."""
    found = analysed("token", "lab", *only(hardware=host(0.2), daemon=host(0.3)))
    groups = {"host c1": "all control hosts at once", "galera on c1": "all of galera at once"}
    for one, group in groups.items():
        assert found.chances[one] + found.chances[group] == pytest.approx(1e-3, rel=1e-12)
    assert found.chances["all control hosts at once"] == pytest.approx(2e-4, rel=1e-12)
    found = analysed("guest", "small", *only(hardware=host(0.2)))
    assert found.chances["host g1"] == pytest.approx(1e-3, rel=1e-12), "it has no likes"
    assert found.chances["host n1"] == pytest.approx(8e-4, rel=1e-12)
    found = analysed("guest", "small", *only(hardware=host(0.2)))
    assert found.chances["host g1"] == pytest.approx(1e-3, rel=1e-12), "it has no likes"
    assert found.chances["host n1"] == pytest.approx(8e-4, rel=1e-12)


@pytest.mark.parametrize(("kind", "per_year"), [("site", 0.25), ("operator", 0.17)])
def test_the_site_and_people_count_when_asked_for_and_add_what_they_say(kind: str, per_year: float) -> None:
    u = 2 / (HOURS / per_year + 2)
    for service in ("token", "volume-io"):
        without, counted = (analysed(service, "lab", *more) for more in ((), (f"rates.{kind}.counted=true",)))
        assert counted.unavailability == pytest.approx(1 - (1 - without.unavailability) * (1 - u), rel=1e-12)
        assert len(counted.structure.singles) == len(without.structure.singles) + 1
        more = counted.outages_per_year - without.outages_per_year
        assert more == pytest.approx(per_year, rel=1e-3)


def test_nothing_fails_where_no_rate_says_so() -> None:
    found = predicted("api-write", "lab", *only())
    assert (found.availability, found.downtime_s, found.sla_met) == (1, 0, True)
    assert found.downtime.p_met == 1
    assert not found.causes


def test_failovers_are_losses_times_what_one_costs() -> None:
    """Galera's writer is one of three; each loss of RabbitMQ's, and each of Ceph's hosts, costs."""
    rates = ["rates.failover={coverage: 0.9, repair_hours: 0.5}", *only(hardware=host(0.1))]
    rates.remove("rates.failover.counted=false")
    one = 0.9 * (HOURS / 999) * 0.999  # of a group of three: those that it has to itself, and none while it is down
    found = predicted("api-write", "good", *rates)
    timers = cloud("good").timers
    hosts = {loss.service: loss for loss in found.losses if loss.what == "hosts"}
    assert {*hosts} == {"galera", "rabbitmq", "haproxy", "ceph-osd"}
    assert hosts["galera"].yearly_s == pytest.approx(one * (0.9 * timers.database_failover() + 0.1 * 1800), rel=1e-9)
    assert hosts["haproxy"].yearly_s == pytest.approx(one * (0.9 * timers.vip_failover() + 0.1 * 1800), rel=1e-9)
    assert hosts["rabbitmq"].yearly_s == pytest.approx(3 * one * (0.9 * timers.bus_failover() + 0.1 * 1800), rel=1e-9)
    # Three of six hosts have a copy of any piece.
    assert hosts["ceph-osd"].yearly_s == pytest.approx(3 * one * (0.9 * timers.block_failover() + 0.1 * 1800), rel=1e-9)
    assert all(loss.yearly_s == 0 for loss in found.losses if loss.what == "daemons"), "none fails"


def test_who_waits_for_a_lost_host_of_disks_depends_on_the_copies() -> None:
    for size in (2, 3, 4, 6):
        few = f"services.ceph={{size: {size}, min_size: 1, failure_domain: host}}"
        (share,) = {each.share for each in predicted("volume-io", "good", few).losses if each.service == "ceph-osd"}
        assert share == size / 6


def test_daemons_that_are_killed_cost_their_own_timer_or_nothing() -> None:
    found = {(loss.service, loss.what): loss.seconds for loss in predicted("guest", "good").losses}
    timers = cloud("good").timers
    assert found["ceph-osd", "daemons"] == timers.osd_failover() != timers.block_failover()
    assert found["neutron-l3", "hosts"] == timers.router_failover()
    assert ("neutron-l3", "daemons") not in found, "a router routes on without its agent"


def test_a_takeover_that_fails_costs_until_somebody_acts_or_the_daemon_is_back() -> None:
    (daemon,) = {each.failed_seconds for each in predicted("token", "lab").losses if each.what == "daemons"}
    assert daemon == pytest.approx(0.99 * 10 + 0.01 * 3600)
    (host,) = {each.failed_seconds for each in predicted("token", "lab").losses if each.what == "hosts"}
    assert host == 1800
    slow = predicted("token", "lab", "rates.daemon={coverage: 0, repair_hours: 9}")
    assert {each.failed_seconds for each in slow.losses} == {1800}, "somebody acts before"


def test_nothing_takes_over_from_a_silent_host_that_cannot_be_fenced() -> None:
    fenced, not_fenced = (
        {(loss.service, loss.what): loss.coverage for loss in predicted("token", "good", *changes).losses}
        for changes in ((), ("hosts.ctl2.bmc=",))
    )
    assert {service for service, _ in fenced} == {"galera", "haproxy"}
    assert {*fenced.values()} == {0.99}
    assert {loss for loss in fenced if fenced[loss] != not_fenced[loss]} == {("haproxy", "hosts")}
    assert not_fenced["haproxy", "hosts"] == 0


def test_a_timer_twice_as_long_costs_twice_as_much(monkeypatch: pytest.MonkeyPatch) -> None:
    def parts(found: Prediction) -> Mapping[str, float]:
        return {cause.what.partition(",")[0]: cause.yearly_s for cause in found.causes}

    before = predicted("api-write", "lab")
    was = parts(before)
    timers = type(before.cloud.timers)
    usual = timers.bus_failover
    monkeypatch.setattr(timers, "bus_failover", lambda self: 2 * usual(self))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    now = parts(Prediction(before.analysis, before.cloud))
    assert was.keys() == now.keys()
    longer = {name for name in was if now[name] != pytest.approx(was[name])}
    assert longer == {f"rabbitmq takes over from lost {what}" for what in ("hosts", "daemons")}
    assert all(now[name] == pytest.approx(2 * was[name], rel=1e-12) for name in longer)


@pytest.mark.parametrize("name", ["lab", "small", "good"])
def test_structure_and_failovers_add_up(name: str) -> None:
    for found in predict(cloud(name)):
        whole = found.analysis.unavailability * YEAR_S + math.fsum(loss.yearly_s for loss in found.losses)
        assert expected(found.streams) == pytest.approx(whole, rel=1e-12)
        for stream in found.streams:
            assert isinstance(stream.spread, Fixed if stream.name.endswith(", taken over") else Exponential)
        assert found.downtime_s == pytest.approx(whole, rel=1e-12)
        assert math.fsum(cause.yearly_s for cause in found.causes) == pytest.approx(whole, rel=1e-9)
        worst_first = [cause.yearly_s for cause in found.causes]
        assert worst_first == sorted(worst_first, reverse=True)
        assert found.sla_met == (found.availability >= found.cloud.sla)
        assert 0 < found.analysis.unavailability < found.analysis.structure.cut_sets.rare_event(found.analysis.chances)


def test_the_simulated_mean_is_the_exact_one() -> None:
    for service in ("token", "api-write", "volume-io"):
        found = predicted(service, "lab", years=40_000)
        # Of a compound Poisson process: rate times the second moment of one outage.
        variance = math.fsum(
            stream.per_year * stream.mean_s**2 * (1 if isinstance(stream.spread, Fixed) else 2)
            for stream in found.streams
        )
        error = math.sqrt(variance / 40_000)
        assert found.downtime.mean_s == pytest.approx(found.downtime_s, abs=3.5 * error)
        assert error < 0.02 * found.downtime_s
        low, high = found.downtime.interval_95
        assert low <= found.downtime.p_met <= high


def test_the_same_seed_says_the_same_and_another_one_the_same_mean() -> None:
    first, again, other = (
        [each.as_json() for each in predict(cloud("lab"), years=3000, seed=seed)] for seed in (1, 1, 2)
    )
    assert json.dumps(first) == json.dumps(again) != json.dumps(other)
    assert [each["availability"] for each in first] == [each["availability"] for each in other]
    assert [each["p50_minutes"] for each in first] != [each["p50_minutes"] for each in other]


def test_json_is_what_was_computed() -> None:
    found = predicted("token", "lab", years=2000)
    told = found.as_json()
    assert told["availability"] == found.availability
    assert told["downtime_minutes_per_year"] == pytest.approx(525_600 * (1 - found.availability), rel=1e-9)
    assert told["sla"] == 0.9999
    assert (told["p_sla_met"], told["p_sla_met_interval_95"]) == (found.downtime.p_met, [*found.downtime.interval_95])
    assert told["p50_minutes"] <= told["p90_minutes"] <= told["p95_minutes"]
    assert math.fsum(cause["minutes_per_year"] for cause in told["causes"]) == pytest.approx(
        told["downtime_minutes_per_year"], rel=1e-9
    )
    for cause in told["causes"]:
        of_failover = "from lost" in cause["what"]
        assert (cause["birnbaum"] is None) == (cause["fussell_vesely"] is None) == of_failover
        assert of_failover or 0 < cause["fussell_vesely"] <= 1
    by_name = {cause["what"]: cause for cause in told["causes"]}
    group = by_name["all control hosts at once"]
    assert (
        group["birnbaum"]
        == found.analysis.importance.birnbaum["all control hosts at once"]
        == pytest.approx(1, abs=1e-3)
    )
    alone = [cut for cut in found.analysis.likeliest(1000) if cut.events == ("all control hosts at once",)]
    whole = found.analysis.structure.cut_sets.rare_event(found.analysis.chances)
    assert group["fussell_vesely"] == pytest.approx(alone[0].probability / whole)
    assert [*map(len, (told["cut_sets"],))] == [20]
    chances = [each["probability"] for each in told["cut_sets"]]
    assert chances == sorted(chances, reverse=True)
    for each in told["cut_sets"]:
        assert each["probability"] == pytest.approx(math.prod(found.analysis.chances[name] for name in each["parts"]))


def inflated(kinds: Sequence[str]) -> list[str]:
    """Of rates: so often that a simulation of minutes sees thousands of outages; each repair takes an hour."""
    mttf = {"daemon": 150, "disk": 400, "rack": 900, "feed": 60, "switch": 60}
    rates = {kind: f"{{mttf_hours: {mttf.get(kind, 40)}, repair_hours: 1, coverage: 0, beta: 0.05}}" for kind in kinds}
    return [f"rates.{kind}={said}" for kind, said in rates.items()] + ["rates.system.per_year=0"]


@pytest.mark.parametrize("service", ["token", "volume-io"])
def test_parts_that_fail_and_are_repaired_on_a_clock_agree(service: str) -> None:
    found = analysed(service, "lab", *inflated([kind for kind in KINDS if kind != "system"]))
    parts = [renewal.Part(name, (1 - u) / u, 1.0) for name, u in found.chances.items() if u]
    hours = 150_000
    seen = renewal.simulate(parts, found.tree, hours, seed=5)
    low, high = seen.interval_95
    assert low <= found.unavailability <= high
    assert high - low < 0.15 * found.unavailability, "narrow enough to say something"
    often = found.outages_per_year / HOURS
    assert seen.frequency == pytest.approx(often, abs=3.5 * math.sqrt(often / hours))
