"""Every file that the lab's services and its firewall put on c1, as last read and approved: tests/golden/lab/c1.

`NINES_UPDATE_GOLDEN=1 scripts/test tests/unit/services` writes them anew; read the diff before committing it. The
daemons' own checkers look at the same files on a real lab host in tests/lab.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fournines.cloud import Cloud
from fournines.converge import firewall
from fournines.converge.resources import File
from fournines.services import catalogue
from fournines.state import Vault

GOLDEN = Path(__file__).parents[2] / "golden/lab/c1"


def rendered(cloud: Cloud, vault: Vault) -> dict[str, str]:
    """Path without its leading slash -> content, programs (which have their own tests) aside."""
    host = cloud.host("c1")
    files: dict[str, str] = {}
    resources = [*firewall.resources(cloud, host)]
    for service in catalogue().values():
        resources += service.resources(cloud, host, vault)
    for resource in resources:
        if isinstance(resource, File) and not resource.path.startswith("/usr/"):
            files[resource.path.lstrip("/")] = resource.content
    return files


def test_rendered_files_are_as_approved(cloud: Cloud, vault: Vault):
    files = rendered(cloud, vault)
    if os.environ.get("NINES_UPDATE_GOLDEN"):
        for path, content in files.items():
            (GOLDEN / path).parent.mkdir(parents=True, exist_ok=True)
            (GOLDEN / path).write_text(content)
    approved = {str(path.relative_to(GOLDEN)): path.read_text() for path in GOLDEN.rglob("*") if path.is_file()}
    assert sorted(files) == sorted(approved)
    for path, content in files.items():
        assert content == approved[path], path


def test_files_that_hold_a_secret_are_marked_and_closed(cloud: Cloud, vault: Vault):
    for name, service in catalogue().items():
        for resource in service.resources(cloud, cloud.host("c1"), vault):
            if not isinstance(resource, File):
                continue
            holds = any(word in resource.content for word in ("PASSWORD(", "KEY("))
            assert not holds or resource.secret, f"{name}: {resource.path} would show a secret in a diff"
            assert not resource.secret or resource.mode & 0o007 == 0, f"{name}: {resource.path} can be read by all"


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_no_secret_on_a_command_line(cloud: Cloud, vault: Vault, name: str):
    service = catalogue()[name]
    for step in service.steps(cloud, vault):
        for command in (step.run, step.done):
            argv = " ".join(getattr(command, "argv", ()))
            assert "PASSWORD(" not in argv, step.name
        if "PASSWORD(" in step.run.stdin:
            assert step.run.secret, step.name
    for command in (service.health(cloud, cloud.host("c1")), service.facts(cloud, cloud.host("c1"))):
        assert "PASSWORD(" not in " ".join(getattr(command, "argv", ()))
