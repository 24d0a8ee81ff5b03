"""Hosts that are no members of the cluster: a drill's heal goes to them too."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from fournines.services import pacemaker


@pytest.mark.parametrize("on", [True, False])
@pytest.mark.parametrize("member", [True, False])
def test_only_members_are_told(on: bool, member: bool, tmp_path: Path) -> None:
    for name in ("crm_attribute", "crm_node", "crm_resource"):
        (tmp_path / name).write_text(f'#!/bin/sh\necho "{name} $*" >> {tmp_path}/told\n')
        (tmp_path / name).chmod(0o755)
    ours = tmp_path / "fournines.conf"
    if member:
        ours.touch()
    argv = [word.replace(pacemaker._DROP_IN, str(ours)) for word in pacemaker.standby(on).argv]  # pyright: ignore[reportPrivateUsage]
    subprocess.run(argv, check=True, timeout=60, env={"PATH": f"{tmp_path}:/usr/bin:/bin"})
    told = (tmp_path / "told").read_text() if (tmp_path / "told").exists() else ""
    assert ("--name standby" in told) is member
    assert ("--wait" in told) is member
