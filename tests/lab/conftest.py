"""One standing lab with the whole cloud and a guest for all tests that need one: a cloud costs minutes, a drill one."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from openstack.config import OpenStackConfig
from openstack.connection import Connection
from standing_lab import GUESTS, NUMBER, REPOSITORY, Standing, changed


@pytest.fixture(scope="session")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """clouds/lab.yaml, but for name and subnets: a lab that somebody has standing is not touched; and for the hosts of
    guests, where nobody asks for them."""
    text, path = (REPOSITORY / "clouds/lab.yaml").read_text(), tmp_path_factory.mktemp("cloud") / "test.yaml"
    if not GUESTS:
        text, number = re.subn(r"  [ng]\[1-2\]:\n(?:    .*\n)+\n", "", text)
        assert number == 2
    return changed(text, path, ("name: lab\n", "name: test\n"), ("10.71.", f"10.{NUMBER}."))


@pytest.fixture(scope="session")
def lab_state() -> Generator[None]:
    """The state folder that scripts/test chose, else one that keeps its image between runs."""
    old = os.environ.get("NINES_STATE")
    if old is None:
        os.environ["NINES_STATE"] = str(Path.home() / ".cache/nines-test")
    yield
    if old is None:
        del os.environ["NINES_STATE"]


@pytest.fixture(scope="session")
def built(file: Path, lab_state: None) -> Generator[Standing]:
    """NINES_KEEP_LAB=1 leaves it standing for the next run, which then begins at once."""
    standing, keep = Standing(file), bool(os.environ.get("NINES_KEEP_LAB"))
    if not keep:
        standing.nines("down")
    try:
        standing.nines("up", timeout=1500)
        yield standing
    finally:
        if not keep:
            standing.nines("down")


@pytest.fixture(scope="session")
def lost() -> list[str]:
    """After which test `nines up` could not heal the lab. Every later test would wait for it in vain."""
    return []


@pytest.fixture
def standing(built: Standing, lost: list[str], request: pytest.FixtureRequest) -> Standing:
    """The lab up and well, whatever the test before did to it. Its guest is as that test left it."""
    if lost:
        pytest.fail(f"the lab is lost since {lost[0]}", pytrace=False)
    if (said := built.nines("status", exits=(0, 1))).returncode:
        lost.append(request.node.nodeid)
        scene = f"before that `up`:\n{said.stdout}\n{built.scene()}"
        try:
            built.nines("up", "--no-guest", timeout=1500)
        except AssertionError as error:
            error.add_note(scene)
            raise
        lost.clear()
    return built


@pytest.fixture
def sdk(standing: Standing) -> Generator[Any]:
    """A client of the cloud, as its administrator."""
    files = OpenStackConfig(config_files=[str(standing.state.clouds_yaml)], load_envvars=False)
    made: Any = Connection(config=files.get_one(cloud=standing.cloud.name))
    yield made
    made.close()


@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """At once: a run that is cut off never comes to its summary."""
    if report.failed:
        sys.stderr.write(f"\n{report.nodeid} ({report.when})\n{report.longreprtext[-6000:]}\n")
