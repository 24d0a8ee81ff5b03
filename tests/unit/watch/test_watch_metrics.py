"""What is scraped, read back by the format's own parser, and by promtool where it is installed."""

from __future__ import annotations

import itertools
import shutil
import subprocess
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from test_watch_condition import sample

from fournines.cli.clouds import load
from fournines.errors import DrillError
from fournines.probes import ApiProbe, catalogue
from fournines.prove.samples import DEADLINE, Sample
from fournines.watch.metrics import KINDS, Metrics, buckets
from fournines.watch.run import may_stand

PROBES = [catalogue()["token"], catalogue()["compute-read"]]
TOKEN = {"cloud": "lab", "probe": "token", "service": "keystone", "column": "token"}

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scraped(metrics: Metrics) -> Series:
    """(name, labels) -> value."""
    families = text_string_to_metric_families(generate_latest(metrics.registry).decode())
    return {(each.name, frozenset(each.labels.items())): each.value for family in families for each in family.samples}


def value(metrics: Metrics, name: str, **labels: str) -> float:
    return scraped(metrics)[f"fournines_probe_{name}", frozenset((TOKEN | labels).items())]


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("lab", PROBES, clock=lambda: 0.0)


def test_every_series_of_a_rule_is_there_before_anything_happened(metrics: Metrics) -> None:
    """Else `rate` would miss what made it appear."""
    for outcome in ("ok", "slow", "error", "unknown"):
        assert value(metrics, "requests_total", outcome=outcome) == 0
    assert value(metrics, "outages_total") == 0
    assert value(metrics, "outage_seconds") == 0
    assert value(metrics, "last_good_age_seconds") == 0
    assert not [name for name, _ in scraped(metrics) if name.endswith("_created")]


def test_what_was_seen() -> None:
    now = 0.0
    metrics = Metrics("lab", PROBES, clock=lambda: now)
    metrics.take(sample(90, took=0.3))
    metrics.take(sample(0, took=0.02))
    metrics.take(sample(1, "refused"))
    metrics.take(sample(2, "status 503"))
    metrics.take(sample(3, DEADLINE, took=2))
    metrics.take(replace(sample(4, DEADLINE), start=5.5, end=6.0))
    counted = {each: value(metrics, "requests_total", outcome=each) for each in ("ok", "slow", "error", "unknown")}
    assert counted == {"ok": 2, "slow": 1, "error": 2, "unknown": 1}
    assert value(metrics, "errors_total", kind="refused") == value(metrics, "errors_total", kind="status 503") == 1
    assert value(metrics, "latency_seconds_count") == 2
    assert value(metrics, "latency_seconds_sum") == pytest.approx(0.32)
    assert value(metrics, "latency_seconds_bucket", le="0.25") == 1
    assert value(metrics, "latency_seconds_bucket", le="2.0") == 2
    now = 100.0
    assert value(metrics, "last_good_age_seconds") == pytest.approx(9.7)
    assert (value(metrics, "outages_total"), value(metrics, "outage_seconds")) == (1, 100)
    lateness = scraped(metrics)["fournines_prober_lateness_seconds_sum", frozenset({("cloud", "lab")})]
    assert lateness == pytest.approx(1.5)


def test_kinds_of_errors_are_bounded_and_all_are_counted(metrics: Metrics) -> None:
    for seq in range(100):
        metrics.take(sample(seq, f"kind {seq}"))
    errors = {labels: n for (name, labels), n in scraped(metrics).items() if name == "fournines_probe_errors_total"}
    assert len(errors) == KINDS
    assert sum(errors.values()) == value(metrics, "requests_total", outcome="error") == 100
    assert value(metrics, "errors_total", kind="other") == 100 - KINDS + 1


def test_what_a_server_said_is_no_label(metrics: Metrics) -> None:
    metrics.take(replace(sample(0, "body"), detail="a token of somebody", ack="gAAAAAB-secret"))
    text = generate_latest(metrics.registry).decode()
    assert "somebody" not in text
    assert "secret" not in text


def test_long_lives_add_no_series(metrics: Metrics) -> None:
    def run(seqs: range) -> None:
        errors = itertools.cycle([None, "refused", DEADLINE])
        for seq, error in zip(seqs, errors, strict=False):
            metrics.take(sample(seq, error))

    run(range(100))
    before = set(scraped(metrics))
    run(range(100, 3000))
    assert set(scraped(metrics)) == before


@given(st.sets(st.floats(0.001, 60), min_size=1))
def test_buckets_end_at_the_longest_deadline(deadlines: set[float]) -> None:
    bounds = buckets(deadlines)
    assert deadlines <= set(bounds)
    assert list(bounds) == sorted(set(bounds))
    assert bounds[-1] == max(deadlines)


def test_the_watched_probes_leave_nothing_and_need_nothing() -> None:
    probes = may_stand(load("lab"))
    names = {probe.name for probe in probes}
    assert {"token", "read", "compute-read", "dashboard"} <= names
    assert not names & {"write", "s3-put", "s3-get", "guest-http", "block-read"}
    for probe in probes:
        assert isinstance(probe, ApiProbe)
        assert not probe.writes


def test_what_is_requested_is_watched_too() -> None:
    lab = load("lab")
    more = {probe.name for probe in may_stand(lab, ["create-to-answer"])} - {probe.name for probe in may_stand(lab)}
    assert more == {"create-to-answer"}
    with pytest.raises(DrillError, match="no probe that is made on request: write"):
        may_stand(lab, ["write"])


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
def test_promtool_finds_no_fault_with_the_metrics(metrics: Metrics) -> None:
    metrics.take(Sample(probe="token", seq=0, intended=0, start=0, end=1, ok=False, error="refused"))
    text = generate_latest(metrics.registry)
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
