"""Cinder's volume manager as one that Pacemaker keeps on one host, where the spec says so."""

from __future__ import annotations

from pathlib import Path

from fournines.cloud import load
from fournines.converge.resources import File, Unit
from fournines.services import catalogue
from fournines.services.pacemaker import Pacemaker
from fournines.state import Vault

LAB = Path(__file__).parents[3] / "clouds/lab.yaml"


def test_the_manager_is_pacemakers_and_has_one_name_everywhere(tmp_path: Path, vault: Vault):
    file = tmp_path / "lab.yaml"
    file.write_text(LAB.read_text() + "services: {cinder: {strategy: active-backup}}\n")
    cloud = load(file, catalogue())
    found = list(catalogue()["cinder"].resources(cloud, cloud.host("c2"), vault))
    units = {unit.name: unit for unit in found if isinstance(unit, Unit)}
    kept = units["cinder-volume.service"]
    assert (kept.enabled, kept.running, kept.reads) == (False, None, ())
    assert "/etc/cinder/cinder.conf" in kept.reload_reads
    assert units["cinder-scheduler.service"].running is True
    (conf,) = [each.content for each in found if isinstance(each, File) and each.path == "/etc/cinder/cinder.conf"]
    assert "backend_host = lab\n" in conf
    assert "\ncluster = " not in conf

    once = [
        each for each in Pacemaker().resources(cloud, cloud.host("c1"), vault) if isinstance(each, File) and each.once
    ]
    assert '<primitive id="cinder-volume" class="systemd" type="cinder-volume">' in once[0].content
    (step,) = Pacemaker().steps(cloud, vault)
    assert "cinder-volume" in step.run.stdin


def test_by_default_nobody_moves(tmp_path: Path, vault: Vault):
    cloud = load(LAB, catalogue())
    (step,) = Pacemaker().steps(cloud, vault)
    assert 'type="cinder-volume"' not in step.run.stdin
