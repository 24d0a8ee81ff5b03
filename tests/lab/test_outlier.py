"""Controllers that serve worse than the others, on the standing lab: they leave by themselves, and return."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from standing_lab import Standing
from test_drills import measured

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(os.geteuid() != 0, reason="a lab needs root: namespaces, mounts and cgroups"),
]


def holder(standing: Standing) -> str:
    (name,) = standing.json("status", exits=(0, 1))["vip"]["holders"]
    return name


def said(standing: Standing, host: str) -> list[str]:
    """What it said of itself, in order."""
    return standing.on(host, "journalctl", "--unit=outlier", "--output=cat", "--quiet").splitlines()


def outlier(standing: Standing, host: str) -> dict[str, Any]:
    return json.loads(standing.on(host, "python3", "/usr/local/lib/fournines/outlier.py", "check"))


def test_a_controller_that_loses_packets_leaves_and_returns(standing: Standing):
    before = {host.name: len(said(standing, host.name)) for host in standing.cloud.having("control")}
    report = measured(standing, "packet-loss", "--target", "writer")
    assert {audit["name"]: audit["verdict"] for audit in report["audits"]}.items() >= {"recovered": "ok"}.items()
    assert {audit["verdict"] for audit in report["audits"]} == {"ok"}
    (sick,) = report["hosts"]
    # A drill that was void was made anew: then another one may have been the writer.
    *_, left, _, calm, back, _ = said(standing, sick)
    assert left.startswith("out of service: packets are lost, ")
    assert (calm, back) == ("no packet is lost any more: back to service", "back in service")
    for name in before.keys() - {sick}:
        assert not [line for line in said(standing, name)[before[name] :] if line.startswith("out of service")], name
        assert outlier(standing, name) == {"out": False, "unfit": "", "lost": dict.fromkeys(before.keys() - {name}, 0)}
    assert outlier(standing, sick)["unfit"] == ""
    assert holder(standing) != sick


def test_the_vip_leaves_a_certificate_that_nobody_trusts(standing: Standing):
    was = holder(standing)
    report = measured(standing, "certificate-expired", "--target", "haproxy:primary")
    assert {audit["verdict"] for audit in report["audits"]} == {"ok"}
    (sick,) = report["hosts"]
    assert was == sick
    assert holder(standing) != sick
    probes = {probe["name"]: probe for probe in report["probes"]}
    assert probes["token"]["kinds"]["tls"] > 0, "clients met it first"
    assert said(standing, sick)[-2:] == ["unfit: certificate", "unfit: no longer"]
