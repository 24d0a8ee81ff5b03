"""Pacemaker takes over from a silent host only once it has been fenced: a prediction must not count on more."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fournines.cloud import load
from fournines.predict.failovers import Loss, losses
from fournines.predict.prediction import predict
from fournines.predict.remarks import remarks
from fournines.services import catalogue

GOOD = Path(__file__).parents[1] / "checks/good.yaml"


def losses_of(folder: Path, text: str, name: str = "token") -> dict[tuple[str, str], Loss]:
    file = folder / "cloud.yaml"
    file.write_text(text)
    cloud = load(file, catalogue())
    (found,) = (each for each in predict(cloud) if each.name == name)
    return {(loss.service, loss.what): loss for loss in losses(found.analysis, cloud)}


@pytest.fixture
def unfenced() -> str:
    text, found = re.subn(r"(roles: \[control\]\n(?:    .*\n)*?)    bmc: .*\n", r"\1", GOOD.read_text())
    assert found == 1
    return text


def test_without_a_bmc_nothing_takes_over_from_a_silent_controller(tmp_path: Path, unfenced: str):
    fenced, not_fenced = losses_of(tmp_path, GOOD.read_text()), losses_of(tmp_path, unfenced)
    assert fenced["haproxy", "hosts"].coverage == 0.99
    assert not_fenced["haproxy", "hosts"].coverage == 0
    assert not_fenced["haproxy", "hosts"].yearly_s > 10 * fenced["haproxy", "hosts"].yearly_s


def test_a_cloud_whose_cluster_manager_would_start_nothing_says_so(tmp_path: Path, unfenced: str):
    """FENCE-NONE tells the same."""
    file = tmp_path / "cloud.yaml"
    for text, said in ((GOOD.read_text(), False), (unfenced, True)):
        file.write_text(text)
        assert any("No controller can be fenced" in told for told in remarks(load(file, catalogue()))) == said


def test_a_daemon_that_ended_and_a_database_that_votes_need_no_fence(tmp_path: Path, unfenced: str):
    found = losses_of(tmp_path, unfenced)
    assert found["haproxy", "daemons"].coverage == found["galera", "hosts"].coverage == 0.99


def test_guests_of_a_lost_host_run_elsewhere_only_once_it_is_off(tmp_path: Path):
    text = GOOD.read_text()
    unfenced, found = re.subn(r"(roles: \[compute\]\n(?:    .*\n)*?)    bmc: .*\n", r"\1", text)
    assert found == 3
    fenced = losses_of(tmp_path, text, "guest")["compute-agent", "hosts"]
    assert fenced.coverage == 0.99
    assert fenced.share < 0.5, "each guest is on one host of several"
    assert ("compute-agent", "daemons") not in losses_of(tmp_path, text, "guest")
    assert losses_of(tmp_path, unfenced, "guest")["compute-agent", "hosts"].coverage == 0
