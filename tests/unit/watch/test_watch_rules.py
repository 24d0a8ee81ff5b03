"""The rules by their structure; and what they do, by promtool where it is installed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from fournines.cli.clouds import load
from fournines.watch.certificates import METRIC
from fournines.watch.metrics import LABELS, Metrics
from fournines.watch.outcome import OUTCOMES
from fournines.watch.rules import groups, rules
from fournines.watch.run import may_stand

PAIRS = {("1h", "5m"): (14.4, "page"), ("6h", "30m"): (6.0, "page"), ("3d", "6h"): (1.0, "ticket")}
THRESHOLD = re.compile(r"ratio_rate(\w+)\{cloud=\"lab\"\} > ([\d.]+) \* (\S+)")


def parts(sla: float = 0.9999) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Recording rules and alerts, as they are read from the file."""
    yaml: Any = YAML(typ="safe")  # its methods have no types
    ratios, alerts = yaml.load(rules("lab", sla))["groups"]
    return ratios["rules"], alerts["rules"]


def burns(sla: float = 0.9999) -> list[dict[str, Any]]:
    return [rule for rule in parts(sla)[1] if rule["alert"] == "FourninesBudgetBurn"]


def test_each_pair_of_windows_has_its_burn_rate() -> None:
    seen = {}
    for rule in burns():
        (long, factor, allowed), (short, *same) = THRESHOLD.findall(rule["expr"])
        assert same == [factor, allowed]
        assert float(allowed) == pytest.approx(0.0001)
        assert rule["labels"]["window"] == long
        seen[long, short] = (float(factor), rule["labels"]["severity"])
    assert seen == PAIRS


def test_alerts_stand_on_what_is_recorded_and_that_on_what_is_exported() -> None:
    recorded, alerts = parts()
    names = {rule["record"] for rule in recorded}
    used = set(re.findall(r"cloud_column_service:\w+:\w+", "".join(rule["expr"] for rule in alerts)))
    assert used == names, "none is missing, none is recorded for nobody"
    cloud = load("lab")
    metrics = Metrics(cloud.name, may_stand(cloud))
    requests = [family for family in metrics.registry.collect() if family.name == "fournines_probe_requests"]
    assert {each.name for family in requests for each in family.samples} == {"fournines_probe_requests_total"}
    for rule in recorded:
        window = rule["record"].rpartition("rate" if "rate" in rule["record"] else "increase")[2]
        assert set(re.findall(r"\[(\w+)\]", rule["expr"])) == {window}
        assert set(re.findall(r"(\w+)_total", rule["expr"])) == {"fournines_probe_requests"}
        (by,) = set(re.findall(r"by \((.*?)\)", rule["expr"]))
        assert set(by.split(", ")) == set(LABELS) - {"probe"}
        for outcomes in re.findall(r'outcome!?=~?"(.*?)"', rule["expr"]):
            assert set(outcomes.split("|")) <= set(OUTCOMES)


def test_a_certificate_is_told_of_before_it_ends() -> None:
    found = [rule for rule in parts()[1] if rule["alert"] == "FourninesCertificateEnds"]
    assert [(rule["labels"]["days"], rule["labels"]["severity"]) for rule in found] == [("30", "ticket"), ("3", "page")]
    for rule in found:
        days = int(rule["labels"]["days"])
        assert rule["expr"].strip() == f'{METRIC}{{cloud="lab"}} - time() < {days} * 86400'
        assert "nines certs rotate -c lab" in rule["annotations"]["action"]


def test_whoever_is_woken_is_told_what_to_do() -> None:
    for rule in parts()[1]:
        assert "nines status lab" in rule["annotations"]["action"]
        assert {"summary", "description"} <= set(rule["annotations"])
        assert "proved" not in str(rule["annotations"])


@given(st.floats(0.0001, 0.9999999))
def test_every_threshold_can_be_passed(sla: float) -> None:
    """No share of bad requests is above 1, and the slow burn is always watched."""
    limits = [
        float(factor) * float(allowed)
        for rule in groups("lab", sla)["groups"][1]["rules"]
        for _, factor, allowed in THRESHOLD.findall(rule["expr"])
    ]
    assume(limits)
    assert all(0 < limit < 1 for limit in limits)
    assert min(limits) == pytest.approx(1 - sla, rel=1e-4)


def test_a_burn_that_cannot_happen_is_left_out() -> None:
    assert [rule["labels"]["burn_rate"] for rule in burns(0.9)] == ["6", "1"]
    assert [rule["labels"]["burn_rate"] for rule in burns(0.8)] == ["1"]


CASES = """
rule_files: [rules.yaml]
evaluation_interval: 1m
tests:
- name: nothing is served
  interval: 1m
  input_series:
  - {series: '%(ok)s', values: '0+0x30'}
  - {series: '%(error)s', values: '0+24x30'}
  alert_rule_test:
  - eval_time: 20m
    alertname: FourninesBudgetBurn
    exp_alerts: [%(burning)s]
- name: an outage of ten minutes, an hour after the beginning
  interval: 1m
  input_series:
  - {series: '%(ok)s', values: '0+24x60 1440+0x10 1464+24x480'}
  - {series: '%(error)s', values: '0+0x60 24+24x5 168+0x480'}
  - {series: '%(slow)s', values: '0+0x66 24+24x4 120+0x480'}
  - {series: '%(unknown)s', values: '0+0x550'}
  promql_expr_test:
  - {eval_time: 59m, expr: *firing}
  - {eval_time: 65m, expr: *firing, exp_samples: [*1h, *6h, *3d]}
  - {eval_time: 85m, expr: *firing, exp_samples: [*6h, *3d]}
  - {eval_time: 3h, expr: *firing, exp_samples: [*3d]}
  - {eval_time: 8h, expr: *firing}
  alert_rule_test:
  - {eval_time: 5h, alertname: FourninesNotWatched}
- name: one bad answer alone, of a probe that asks six times a minute
  interval: 1m
  input_series:
  - {series: '%(ok)s', values: '0+6x60 365+6x300'}
  - {series: '%(error)s', values: '0+0x60 1+0x300'}
  promql_expr_test:
  - {eval_time: 61m, expr: *firing}
  - {eval_time: 64m, expr: *firing}
- name: a prober that stands still knows nothing, and that is no outage
  interval: 1m
  input_series:
  - {series: '%(ok)s', values: '0+24x30 720+0x60'}
  - {series: '%(error)s', values: '0+0x90'}
  - {series: '%(unknown)s', values: '0+0x30 0+24x60'}
  promql_expr_test:
  - {eval_time: 80m, expr: *firing}
  alert_rule_test:
  - {eval_time: 30m, alertname: FourninesNotWatched}
  - eval_time: 80m
    alertname: FourninesNotWatched
    exp_alerts: [%(blind)s]
- name: a watch that is not there
  interval: 1m
  input_series: [{series: 'up{job="nines"}', values: '0+0x60'}]
  alert_rule_test:
  - eval_time: 30m
    alertname: FourninesNotWatched
    exp_alerts: [%(absent)s]
"""
_FIRING = """'count by (window) (ALERTS{alertname="FourninesBudgetBurn",alertstate="firing"})'"""


def series(outcome: str) -> str:
    return (
        'fournines_probe_requests_total{cloud="lab",probe="token",service="keystone",column="token",'
        f'outcome="{outcome}"}}'
    )


def expected(rule: dict[str, Any], **labels: str) -> str:
    """One alert of a probe that nobody answers, as promtool wants it: YAML in one line."""
    annotations = {}
    for key, text in rule["annotations"].items():
        filled = text.replace("{{ $value | humanizePercentage }}", "100%")
        annotations[key] = re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda found: labels.get(found[1], ""), filled)
    return json.dumps({"exp_labels": rule["labels"] | labels, "exp_annotations": annotations})


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
def test_promtool_sees_an_outage_fire_and_noise_not(tmp_path: Path) -> None:
    who = {"cloud": "lab", "service": "keystone", "column": "token"}
    blind = parts()[1][-1]
    cases = CASES.replace("*firing", _FIRING) % {
        **{outcome: series(outcome) for outcome in OUTCOMES},
        "burning": ", ".join(expected(rule, **who) for rule in burns()),
        "blind": expected(blind, **who),
        "absent": expected(blind, cloud="lab"),
    }
    cases = re.sub(r"\*(\d[hd])", r"""{labels: '{window="\1"}', value: 1}""", cases)
    (tmp_path / "rules.yaml").write_text(rules("lab", 0.9999))
    (tmp_path / "cases.yaml").write_text(cases)
    for words in (["check", "rules", "rules.yaml"], ["test", "rules", "cases.yaml"]):
        done = subprocess.run(["promtool", *words], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
