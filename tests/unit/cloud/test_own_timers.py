"""Timers that the operator sets in the cloud file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fournines.cloud import Cloud, json_schema_of, load
from fournines.cloud.timers import LAB, METAL, Timers
from fournines.converge.resources import File
from fournines.errors import SpecError
from fournines.services import catalogue
from fournines.services.corosync import Corosync
from fournines.state import Vault

LAB_FILE = Path(__file__).parents[3] / "clouds/lab.yaml"
Load = Callable[[str], Cloud]


@pytest.fixture
def with_timers(tmp_path: Path) -> Load:
    """The default lab with these lines under `timers`."""

    def read(lines: str) -> Cloud:
        file = tmp_path / "cloud.yaml"
        file.write_text(f"timers: {lines}\n{LAB_FILE.read_text()}")
        return load(file, catalogue())

    return read


def test_what_is_set_is_rendered_and_bounds_all_that_is_computed(with_timers: Load, tmp_path: Path) -> None:
    cloud = with_timers("{corosync_token: 4, corosync_consensus: 5, fence: ~}")
    assert cloud.timers == LAB.but({"corosync_token": 4, "corosync_consensus": 5})
    assert cloud.timers.vip_failover() == pytest.approx(LAB.vip_failover() + 2.5 + 3.2)
    files = Corosync().resources(cloud, cloud.hosts[0], Vault(tmp_path))
    (text,) = (each.content for each in files if isinstance(each, File) and each.path.endswith("corosync.conf"))
    assert "token: 4000\n" in text
    assert "consensus: 5000\n" in text


@pytest.mark.parametrize("nothing", ["{}", "", "~"])
def test_nothing_set_is_the_providers(with_timers: Load, nothing: str) -> None:
    assert with_timers(nothing).timers is LAB


def test_what_is_wrong_is_told_with_its_place_all_at_once(with_timers: Load) -> None:
    with pytest.raises(SpecError) as caught:
        with_timers("{corosync_tokn: 3, fence: -1, check_fall: 1.5, vrrp_advert: 256, connect: .inf, election: [1]}")
    told = caught.value.message.splitlines()
    assert [line.split(": ", 1)[1].split(",")[0] for line in told] == [
        "unknown key 'timers.corosync_tokn'; did you mean corosync_token?",
        "timers.fence: must be greater than or equal to 0.01",
        "timers.check_fall: must be a whole number",
        "timers.vrrp_advert: must be less than or equal to 255",
        "timers.connect: must be a number",
        "timers.election: must be a number",
    ]
    assert all(":1:" in line for line in told)


def test_timers_are_a_mapping(with_timers: Load) -> None:
    with pytest.raises(SpecError, match=r"cloud\.yaml:1:9: timers: must be a mapping"):
        with_timers("fast")


def test_editors_know_each_with_its_meaning() -> None:
    known = json_schema_of(catalogue())["properties"]["timers"]
    assert {*known["properties"]} == {*Timers.model_fields}
    assert all(each["description"] for each in known["properties"].values())
    assert known["additionalProperties"] is False


@pytest.mark.parametrize("usual", [LAB, METAL])
def test_the_usual_ones_are_within_what_may_be_set(usual: Timers) -> None:
    assert usual.but(usual.model_dump()) == usual
