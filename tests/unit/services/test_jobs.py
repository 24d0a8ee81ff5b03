"""What a timer starts is no daemon: nothing of it runs that a drill could strike."""

from __future__ import annotations

from pathlib import Path, PurePath

from fournines.cli.clouds import load
from fournines.converge.resources import File
from fournines.services import catalogue, daemons
from fournines.state import Vault


def test_every_timers_service_is_a_job(tmp_path: Path) -> None:
    cloud, vault, started = load("lab"), Vault(tmp_path), set[str]()
    for name, placement in cloud.services.items():
        if (service := catalogue().get(name)) is None:
            continue
        files = [each.path for each in service.resources(cloud, placement.hosts[0], vault) if isinstance(each, File)]
        timed = {PurePath(path).stem for path in files if path.endswith(".timer")}
        assert {f"{each}.service" for each in timed} & {*service.log_units} == {*service.jobs}
        started |= timed
    assert "keystone-fernet" in started
    assert not started & {*daemons()}
