"""Pacemaker takes over from a silent host only once it has been fenced: a prediction must not count on more."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fournines.cloud import load
from fournines.predict.failovers import Loss, losses
from fournines.predict.prediction import predict
from fournines.services import catalogue

GOOD = Path(__file__).parents[1] / "checks/good.yaml"


def token_losses(folder: Path, text: str) -> dict[tuple[str, str], Loss]:
    file = folder / "cloud.yaml"
    file.write_text(text)
    cloud = load(file, catalogue())
    (token,) = (each for each in predict(cloud) if each.name == "token")
    return {(loss.service, loss.what): loss for loss in losses(token.analysis, cloud)}


@pytest.fixture
def unfenced() -> str:
    text, found = re.subn(r"(roles: \[control\]\n(?:    .*\n)*?)    bmc: .*\n", r"\1", GOOD.read_text())
    assert found == 1
    return text


def test_without_a_bmc_nothing_takes_over_from_a_silent_controller(tmp_path: Path, unfenced: str):
    fenced, not_fenced = token_losses(tmp_path, GOOD.read_text()), token_losses(tmp_path, unfenced)
    assert fenced["haproxy", "hosts"].coverage == 0.99
    assert not_fenced["haproxy", "hosts"].coverage == 0
    assert not_fenced["haproxy", "hosts"].yearly_s > 10 * fenced["haproxy", "hosts"].yearly_s


def test_a_daemon_that_ended_and_a_database_that_votes_need_no_fence(tmp_path: Path, unfenced: str):
    found = token_losses(tmp_path, unfenced)
    assert found["haproxy", "daemons"].coverage == found["galera", "hosts"].coverage == 0.99
