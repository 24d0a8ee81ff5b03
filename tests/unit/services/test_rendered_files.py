"""Every file that services and firewall put on one host of each role, as last read and approved: tests/golden/lab.

`NINES_UPDATE_GOLDEN=1 scripts/test tests/unit/services` writes them anew; read the diff before committing it. The
daemons' own checkers look at the same files on a real lab host in tests/lab.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fournines.cloud import Cloud
from fournines.converge import firewall
from fournines.converge.resources import File, Resource
from fournines.services import catalogue
from fournines.state import Vault

GOLDEN = Path(__file__).parents[2] / "golden/lab"


HOSTS = ("c1", "s1", "n1", "g1")
"""One of each role."""


def declared(cloud: Cloud, vault: Vault, host: str) -> list[tuple[str, Resource]]:
    """What each service declares on a host that runs it."""
    here = cloud.host(host)
    running = [name for name, placement in cloud.services.items() if here in placement.hosts]
    return [(name, each) for name in running for each in catalogue()[name].resources(cloud, here, vault)]


def rendered(cloud: Cloud, vault: Vault, host: str) -> dict[str, str]:
    """Path without its leading slash -> content, programs (which have their own tests) aside."""
    resources = [*firewall.resources(cloud, cloud.host(host)), *(each for _, each in declared(cloud, vault, host))]
    return {
        resource.path.lstrip("/"): resource.content
        for resource in resources
        if isinstance(resource, File) and not resource.path.startswith("/usr/")
    }


@pytest.mark.parametrize("host", HOSTS)
def test_rendered_files_are_as_approved(cloud: Cloud, vault: Vault, host: str):
    files, golden = rendered(cloud, vault, host), GOLDEN / host
    if os.environ.get("NINES_UPDATE_GOLDEN"):
        for path, content in files.items():
            (golden / path).parent.mkdir(parents=True, exist_ok=True)
            (golden / path).write_text(content)
    approved = {str(path.relative_to(golden)): path.read_text() for path in golden.rglob("*") if path.is_file()}
    assert sorted(files) == sorted(approved)
    for path, content in files.items():
        assert content == approved[path], path


def test_files_that_hold_a_secret_are_marked_and_closed(cloud: Cloud, vault: Vault):
    for name, resource in [each for host in HOSTS for each in declared(cloud, vault, host)]:
        if not isinstance(resource, File):
            continue
        holds = any(word in resource.content for word in ("PASSWORD(", "KEY(", "\nkey = "))
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
    host = cloud.services[name].hosts[0]
    for command in (service.health(cloud, host), service.facts(cloud, host)):
        assert "PASSWORD(" not in " ".join(getattr(command, "argv", ()))
