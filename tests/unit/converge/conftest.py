from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from converge_support import LocalHost, execute_doubles, install_doubles

from fournines.converge.agent import programs


@pytest.fixture(scope="session")
def doubles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_doubles(tmp_path_factory.mktemp("doubles"))


@pytest.fixture
def make_host(tmp_path: Path, doubles: Path) -> Callable[[str], LocalHost]:
    def make(name: str) -> LocalHost:
        return LocalHost(name, tmp_path / name, doubles).prepare()

    return make


@pytest.fixture
def host(make_host: Callable[[str], LocalHost]) -> LocalHost:
    return make_host("c1")


@pytest.fixture
def inside(host: LocalHost, monkeypatch: pytest.MonkeyPatch) -> LocalHost:
    """The host `c1`, with the agent and the doubles run in this process."""
    monkeypatch.setattr(programs, "execute", execute_doubles)
    monkeypatch.setenv("NINES_ROOT", str(host.root))
    return host
