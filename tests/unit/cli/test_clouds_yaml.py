"""clouds.yaml, which clients read."""

from __future__ import annotations

from pathlib import Path

import openstack.config
import pytest

from fournines.cli.clouds import load
from fournines.converge import clouds_yaml
from fournines.state import State


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    monkeypatch.setenv("NINES_STATE", str(tmp_path / "a state: with odd 'signs'"))
    return State("lab")


@pytest.mark.filterwarnings("ignore:Support for InfluxDB")
def test_openstack_clients_read_what_is_written(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = load("lab")
    path = clouds_yaml.write(cloud, state)
    assert path == state.clouds_yaml
    assert path.stat().st_mode & 0o777 == 0o600
    found = openstack.config.OpenStackConfig(config_files=[str(path)], load_envvars=False).get_one("lab")
    assert found.auth["auth_url"] == "https://10.71.0.10:5000/v3"
    assert found.auth["password"] == state.vault().password("admin")
    assert found.config["cacert"] == str(state.vault().ca_file)
    assert (found.auth["username"], found.auth["project_name"], found.region_name) == ("admin", "admin", "RegionOne")


def test_what_is_there_alike_is_not_written_again(state: State) -> None:
    cloud = load("lab")
    before = clouds_yaml.write(cloud, state).stat().st_ino
    assert clouds_yaml.write(cloud, state).stat().st_ino == before
    state.clouds_yaml.write_text("other")
    assert "other" not in clouds_yaml.write(cloud, state).read_text()
