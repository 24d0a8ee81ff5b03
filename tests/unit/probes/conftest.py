from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest
from little_keystone import LittleKeystone

from fournines.state import Vault


@pytest.fixture
def keystone(tmp_path: Path) -> Generator[LittleKeystone]:
    with LittleKeystone(Vault(tmp_path / "vault")).running() as server:
        yield server
