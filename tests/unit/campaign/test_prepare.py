"""Resuming on a real state folder and a real cloud file; no host is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from campaigns import about

from fournines.campaign import prepare
from fournines.campaign.evidence import configuration
from fournines.campaign.folder import Folder
from fournines.campaign.prepare import Site
from fournines.cloud import load
from fournines.converge import deploy
from fournines.converge.events import silent
from fournines.errors import DrillError, LockedError
from fournines.services import catalogue
from fournines.state import State

CLOUD = load(Path(__file__).parents[3] / "clouds/lab.yaml", catalogue())


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("NINES_STATE", str(tmp_path))
    return Site(CLOUD, {}, State(CLOUD.name), silent)


def test_what_is_resumed_goes_on_as_it_was_begun(site: Site) -> None:
    with pytest.raises(DrillError, match="no campaign of lab waits"):
        site.resume()
    now = configuration(deploy.stages(CLOUD, site.state.vault()))
    asked = {"drills": 9, "seconds": 28800.0, "faults": ["null"]}
    begun = Folder.new(site.state.results, {**about(seed=11), "configuration": now, "asked": asked})
    folder = site.resume()
    assert folder == begun
    campaign = site.campaign(folder, lambda outcome: None)
    assert (campaign.choice.seed, campaign.asked.drills, campaign.asked.seconds) == (11, 9, 28800.0)
    assert [kind.as_json() for kind in campaign.choice.kinds] == about()["kinds"]
    with site.state.lock("up"), pytest.raises(LockedError):
        site.resume()


@pytest.mark.parametrize(
    ("written", "meant"),
    [({"connections": "kept", "probes": ["create-to-answer"]}, ("kept", ["create-to-answer"])), ({}, ("fresh", ()))],
)
def test_clients_connect_and_probe_as_when_it_was_begun(
    written: dict[str, Any], meant: tuple[str, Any], site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []

    def drill(*words: object) -> None:
        told.append(words[-2:])

    monkeypatch.setattr(prepare, "drill", drill)
    now = configuration(deploy.stages(CLOUD, site.state.vault()))
    asked = {"drills": 9, "seconds": None, "faults": ["null"]}
    Folder.new(site.state.results, {**about(), "configuration": now, "asked": asked, **written})
    folder = site.resume()
    campaign = site.campaign(folder, lambda outcome: None)
    planned = campaign.choice.planned(1)
    campaign.drill(planned, folder.begin(planned, "D"))
    assert (folder.connections, told) == (meant[0], [meant])


def test_results_of_two_configurations_do_not_add_up(site: Site) -> None:
    Folder.new(site.state.results, {**about(), "configuration": "0" * 64})
    with pytest.raises(DrillError, match="another configuration"):
        site.resume()
