from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from fournines.errors import NinesError
from fournines.lab import layers


@pytest.fixture
def image(tmp_path: Path) -> Path:
    root = tmp_path / "image/root"
    units = root / "etc/systemd/system"
    for folder in ("multi-user.target.wants", "timers.target.wants", "a.service.requires"):
        (units / folder).mkdir(parents=True)
    for name in ("multi-user.target.wants/ssh.service", "multi-user.target.wants/mariadb.service"):
        (units / name).symlink_to("/usr/lib/systemd/system/x")
    (units / "timers.target.wants/apt-daily.timer").symlink_to("/x")
    (units / "a.service.requires/b.service").symlink_to("/x")
    for folder in ("etc/rc2.d", "etc/rc0.d", "etc/ssh", "usr/sbin"):
        (root / folder).mkdir(parents=True)
    for name in ("etc/rc2.d/S01keystone", "etc/rc2.d/K01x", "etc/rc0.d/S01halt", "etc/ssh/ssh_host_rsa_key"):
        (root / name).touch()
    (root / "usr/sbin/policy-rc.d").touch()
    return root


def test_what_would_start_by_itself_is_hidden_and_ssh_stays(image: Path) -> None:
    assert {str(path) for path in layers.hidden(image)} == {
        "etc/systemd/system/multi-user.target.wants/mariadb.service",
        "etc/systemd/system/timers.target.wants/apt-daily.timer",
        "etc/systemd/system/a.service.requires/b.service",
        "etc/rc2.d/S01keystone",
        "etc/ssh/ssh_host_rsa_key",
        "usr/sbin/policy-rc.d",
    }


def fake_whiteout(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("whiteout")


def test_the_layer_masks_and_is_made_once_a_content(
    image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layers, "whiteout", fake_whiteout)
    folder = tmp_path / "layers"
    layer = layers.configuration(image, ["mariadb.service"], folder)
    units = layer / "etc/systemd/system"
    for unit in ("mariadb.service", "systemd-udevd.service", "systemd-logind.service", "apt-daily.timer"):
        assert os.readlink(units / unit) == "/dev/null"
    assert (layer / "etc/rc2.d/S01keystone").read_text() == "whiteout"
    assert os.readlink(units / "multi-user.target.wants/ssh.service").endswith("ssh.service")
    made = layer.stat().st_mtime_ns
    assert layers.configuration(image, ["mariadb.service"], folder) == layer
    assert layer.stat().st_mtime_ns == made
    assert layers.configuration(image, ["mariadb.service", "other.service"], folder) != layer
    assert sorted(path.name for path in folder.glob(".*")) == []


def test_a_half_made_layer_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".0123.77/etc").mkdir(parents=True)
    (tmp_path / "4567").mkdir()
    layers.clean_configuration(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["4567"]


@pytest.mark.parametrize("unit", ["../x.service", "mariadb", "a/b.service"])
def test_only_a_units_name_can_be_masked(image: Path, tmp_path: Path, unit: str) -> None:
    with pytest.raises(NinesError, match="cannot mask"):
        layers.configuration(image, [unit], tmp_path / "layers")


def test_a_host_keeps_its_identity_and_no_two_share_it(tmp_path: Path) -> None:
    addresses = {"c1": "10.0.0.11", "c2": "10.0.0.12"}
    previous = os.umask(0o077)
    try:
        for host in addresses:
            layers.write_node(tmp_path / host, host, "lab", addresses, "ssh-ed25519 KEY\n")
    finally:
        os.umask(previous)
    one, two = tmp_path / "c1", tmp_path / "c2"
    for path in ("etc/machine-id", "etc/ssh/ssh_host_ed25519_key"):
        assert (one / path).read_text() != (two / path).read_text()
    assert "10.0.0.12 c2 c2.lab\n" in (one / "etc/hosts").read_text()
    # In an overlay an upper folder lends its mode to the merged one: 0700 on /etc would lock every daemon out.
    assert stat.S_IMODE((one / "etc").stat().st_mode) == 0o755
    assert stat.S_IMODE(one.stat().st_mode) == 0o755
    assert stat.S_IMODE((one / "root/.ssh").stat().st_mode) == 0o700
    assert stat.S_IMODE((one / "etc/ssh/ssh_host_ed25519_key").stat().st_mode) == 0o600
    before = {path: path.read_bytes() for path in one.rglob("*") if path.is_file()}
    layers.write_node(one, "c1", "lab", addresses, "ssh-ed25519 KEY\n")
    assert before == {path: path.read_bytes() for path in one.rglob("*") if path.is_file()}
