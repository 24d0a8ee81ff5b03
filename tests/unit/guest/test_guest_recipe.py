from __future__ import annotations

import dataclasses
import lzma
import re
from pathlib import Path

import pytest

from fournines.converge.events import silent
from fournines.errors import NinesError
from fournines.guest import disk, image, modules


def test_the_digest_follows_every_script() -> None:
    made = image.recipe()
    assert made.digest == image.recipe().digest
    scripts = ("init", "dhcp", "count", "metadata", "status", "write", "renew", "disks", "since")
    assert {"inittab", *(f"{name}.sh" for name in scripts)} == set(made.inside)
    for name, text in made.inside.items():
        changed = dataclasses.replace(made, inside={**made.inside, name: text + "\n"})
        assert changed.digest != made.digest


def test_what_inittab_and_scripts_name_is_there() -> None:
    made = image.recipe()
    named = {word for line in made.inside["inittab"].splitlines() for word in line.replace(":", " ").split()}
    assert {f"/lib/guest/{name}" for name in ("init.sh", "dhcp.sh", "count.sh", "metadata.sh")} <= named
    assert all(text.startswith("#!/bin/sh\n") for name, text in made.inside.items() if name.endswith(".sh"))
    called = {word for text in made.inside.values() for word in re.findall(r"/lib/guest/([a-z.]+)", text)}
    assert {"since.sh", "renew.sh"} <= called <= {*made.inside}


def test_a_disk_fits_what_was_asked_for() -> None:
    assert disk.size(image.recipe().partitions) <= 64 * disk.MIB


def test_one_that_is_built_needs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NINES_STATE", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    with pytest.raises(NinesError, match="needs mmdebstrap"):
        image.ensure(silent)
    path = tmp_path / "images/guest" / image.recipe().digest / "disk.raw"
    path.parent.mkdir(parents=True)
    path.touch()
    assert image.ensure(silent) == path


def kernel(folder: Path, **depends: str) -> Path:
    made = folder / "6.12-cloud"
    (made / "kernel/drivers/net").mkdir(parents=True)
    (made / "modules.builtin").write_text("kernel/fs/ext4/ext4.ko\nkernel/drivers/virtio/virtio-ring.ko\n")
    for name, needs in depends.items():
        module = b"\x7fELF\0license=GPL\0depends=" + needs.encode() + b"\0name=" + name.encode() + b"\0"
        path = made / f"kernel/drivers/net/{name.replace('_', '-')}.ko.xz"
        path.write_bytes(lzma.compress(module))
    return made


def test_modules_come_after_what_they_need(tmp_path: Path) -> None:
    made = kernel(tmp_path, virtio_net="net-failover,virtio_ring", net_failover="failover", failover="", virtio_rng="")
    assert list(modules.needed(made, ["virtio-rng", "virtio_net", "ext4", "failover"])) == [
        "virtio_rng",
        "failover",
        "net_failover",
        "virtio_net",
    ]


def test_a_module_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NinesError, match="no module virtio_blk"):
        modules.needed(kernel(tmp_path), ["virtio_blk"])
    with pytest.raises(NinesError, match="no module failover"):
        modules.needed(kernel(tmp_path / "x", virtio_net="failover"), ["virtio_net"])
