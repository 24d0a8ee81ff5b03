"""Images, volumes and backups in Ceph, as users and operators have it: clones, room, disks replaced and refused."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from standing_lab import Standing

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.geteuid() != 0, reason="a lab needs root: namespaces, mounts and cgroups"),
]

MIB = 1 << 20


def until(holds: Callable[[], bool], what: str, bound: float = 120) -> None:
    end = time.monotonic() + bound
    while not holds():
        assert time.monotonic() < end, f"not within {bound:g} s: {what}"
        time.sleep(0.2)


def available(sdk: Any, find: Callable[[str], Any], id_: str) -> None:
    def is_so() -> bool:
        status = find(id_).status
        assert not status.startswith("error"), status
        return bool(status == "available")

    until(is_so, f"{id_} to be available")


def rbd(standing: Standing, *words: str) -> str:
    return standing.on("s1", "rbd", *words)


def test_a_volume_is_a_clone_of_its_image_and_a_backup_brings_it_back(
    standing: Standing, sdk: Any, tmp_path: Path
) -> None:
    cinder = sdk.block_storage
    raw = tmp_path / "image.raw"
    raw.write_bytes(secrets.token_bytes(MIB) * 64)
    image = sdk.image.create_image(
        name="test", filename=str(raw), disk_format="raw", container_format="bare", wait=True, validate_checksum=False
    )
    volume = cinder.create_volume(size=1, name="test", image_id=image.id)
    available(sdk, cinder.get_volume, volume.id)
    name = f"volumes/volume-{volume.id}"
    assert f"parent: images/{image.id}@snap" in rbd(standing, "info", name), "a copy, not a clone"
    used = int(rbd(standing, "du", "--format", "json", name).split('"used_size":')[1].split("}")[0].split(",")[0])
    assert used < 8 * MIB, "a clone takes no room"

    backup = cinder.create_backup(volume_id=volume.id, name="test")
    available(sdk, cinder.get_backup, backup.id)
    empty = cinder.create_volume(size=1, name="test-restored")
    available(sdk, cinder.get_volume, empty.id)
    cinder.restore_backup(backup, volume_id=empty.id)
    until(lambda: cinder.get_volume(empty.id).status == "available", "the backup to be restored")
    restored = standing.on(
        "s1", "sh", "-c", f"rbd export --no-progress volumes/volume-{empty.id} - | head -c {64 * MIB} | sha256sum"
    )
    assert restored.split()[0] == hashlib.sha256(raw.read_bytes()).hexdigest()

    cinder.delete_backup(backup)
    until(lambda: not list(cinder.backups(name="test")), "the backup to be deleted")
    for each in (volume, empty):
        cinder.delete_volume(each)
    until(lambda: not [v for v in cinder.volumes() if v.name.startswith("test")], "the volumes to be deleted")
    sdk.image.delete_image(image)


def test_each_client_has_its_own_pools_only(standing: Standing) -> None:
    """Glance's key opens no volume, and no client's key is read by another service's user."""
    command = "rbd --id glance --keyring /etc/ceph/ceph.client.glance.keyring ls volumes"
    told = standing.on("c1", "sh", "-c", f"{command} 2>&1 && echo OPEN || echo closed").splitlines()
    assert told[-1] == "closed", told
    assert standing.on("c1", "stat", "-c", "%U %a", "/etc/ceph/ceph.client.glance.keyring").split() == ["glance", "600"]


def test_daemons_speak_the_encrypted_protocol_only(standing: Standing) -> None:
    for option in ("ms_cluster_mode", "ms_service_mode", "ms_client_mode"):
        assert standing.on("s2", "ceph", "config", "show", "osd.2", option).strip() == "secure"
    listening = standing.on("s2", "ss", "-Htlnp").splitlines()
    assert not [line for line in listening if ":6789 " in line], "the old protocol's port is open"


def test_status_tells_of_storage(standing: Standing) -> None:
    standing.well()
    found = standing.json("status")
    assert found["quorum"]["ceph"]["members"] == 3
    assert any("HEALTH_OK" in remark for remark in found["remarks"]), found["remarks"]
    assert any("no host to spare" in remark for remark in found["remarks"]), found["remarks"]


def with_disks(standing: Standing, folder: Path, disks: str) -> Path:
    return standing.changed(folder, ("disks: {a: {}, b: {}}", f"disks: {disks}"))


def checksums(standing: Standing, *volumes: str) -> dict[str, str]:
    script = f"for v in {' '.join(volumes)}; do echo $v $(rbd export --no-progress volumes/$v - | md5sum); done"
    return {line.split()[0]: line.split()[1] for line in standing.on("s1", "sh", "-c", script).splitlines()}


def test_somebodys_disk_is_refused_and_disks_are_replaced_without_loss(
    standing: Standing, sdk: Any, tmp_path: Path
) -> None:
    """On all hosts at once: every copy of some data lies on disks that leave."""
    disk = standing.state.lab / "hosts/s2/disks/c"
    with disk.open("wb") as file:
        file.write(secrets.token_bytes(MIB))
        file.truncate(8 << 30)
    replaced = with_disks(standing, tmp_path, "{a: {}, c: {}}")
    told = standing.nines("up", file=replaced, exits=(5,)).stderr
    assert "s2: ceph-osd: /srv/disks/c: it holds somebody's data" in told
    assert "--wipe s2-c" in told
    assert standing.on("s1", "ceph", "osd", "ls").split() == ["0", "1", "2", "3", "4", "5"], "something was touched"

    cinder = sdk.block_storage
    volume = cinder.create_volume(size=1, name="test-kept")
    available(sdk, cinder.get_volume, volume.id)
    write = (
        "dd if=/dev/urandom bs=1M count=300 status=none | rbd import --no-progress - volumes/test-data; rbd ls volumes"
    )
    assert f"volume-{volume.id}" in standing.on("s1", "sh", "-c", write)
    # Not of all volumes: the guest writes to its own each second.
    kept = ("test-data", f"volume-{volume.id}")
    before = checksums(standing, *kept)
    try:
        standing.nines("up", "--wipe", "s2-c", file=replaced)
        assert standing.on("s1", "ceph", "osd", "ls").split() == ["0", "2", "4", "6", "7", "8"]
        assert checksums(standing, *kept) == before
        # Back again: a disk of a name that was there before.
        standing.nines("up")
        assert standing.on("s1", "ceph", "osd", "ls").split() == ["0", "1", "2", "3", "4", "5"]
        assert checksums(standing, *kept) == before
    finally:
        standing.on("s1", "rbd", "rm", "--no-progress", "volumes/test-data")
        cinder.delete_volume(volume)
    standing.well()


def test_too_many_disks_taken_away_are_refused(standing: Standing, tmp_path: Path) -> None:
    head = "  s[1-3]:\n    roles: [storage]\n    rack: r[1-3]\n"
    fewer = standing.changed(tmp_path, (head, head.replace("[1-3]", "[1-2]")), ("[31-33]", "[31-32]"))
    told = standing.nines("plan", file=fewer, exits=(2,)).stderr
    assert "3 copies in 3 different hosts, and 2 hosts have the role storage" in told
