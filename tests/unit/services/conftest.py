"""The lab's cloud, and a vault whose secrets are their own names: rendered files are then the same each time."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from fournines.cloud import Cloud, load
from fournines.services import catalogue
from fournines.state import Vault

REPOSITORY = Path(__file__).parents[3]


class NamedVault(Vault):
    """Secrets that say what they are."""

    def password(self, name: str) -> str:
        return f"PASSWORD({name})"

    def key(self, name: str, size: int = 32) -> bytes:
        return (name.encode() + b"." * size)[:size]

    def ca(self) -> str:
        return "CA\n"

    def certificate(
        self, name: str, addresses: Iterable[str], days: int = 397, renew_before: int = 30
    ) -> tuple[str, str]:
        return f"CERTIFICATE({name}: {', '.join(addresses)})\n", f"KEY({name})\n"


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Cloud:
    """The lab with every service there is."""
    more = [name for name, service in catalogue().items() if not service.by_default]
    path = tmp_path_factory.mktemp("cloud") / "lab.yaml"
    named = "".join(f"  {name}: {{}}\n" for name in more)
    services = f"services:\n{named}" if named else ""
    path.write_text((REPOSITORY / "clouds/lab.yaml").read_text() + services)
    return load(path, catalogue())


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return NamedVault(tmp_path / "vault")
