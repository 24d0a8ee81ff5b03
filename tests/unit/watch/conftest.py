from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest
from little_cloud import LittleCloud

from fournines.state import Vault


@pytest.fixture
def keystone(tmp_path: Path) -> Generator[LittleCloud]:
    with LittleCloud(Vault(tmp_path / "vault")).running() as server:
        yield server
