"""The shell around nines: what it installs, and what may not be in a lock file."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from fournines.lab import preflight

TOP = Path(__file__).parents[3]
ESSENTIAL = {"coreutils", "dpkg"}
SHELL = sorted([TOP / "nines", TOP / ".ci/run", *(path for path in (TOP / "scripts").iterdir() if not path.suffix)])


def test_the_launcher_installs_all_that_preflight_asks_for() -> None:
    words = re.search(r"^needed=\((.*)\)$", (TOP / "scripts/system-packages").read_text(), re.MULTILINE)
    assert words
    asked = {*preflight._PROGRAMS.values(), *preflight._BUILD_PROGRAMS.values()}  # pyright: ignore[reportPrivateUsage]
    assert asked - ESSENTIAL <= set(words[1].split())


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_names_no_index_and_every_hash(name: str) -> None:
    text = (TOP / name).read_text()
    assert "://" not in text
    pinned = re.findall(r"^[a-z0-9][^=\s]*==\S+.*(?:\n    --hash=sha256:[0-9a-f]{64}.*)*", text, re.MULTILINE)
    assert len(pinned) > 20
    assert all("--hash=sha256:" in each for each in pinned)


def test_the_run_lock_is_part_of_the_dev_lock() -> None:
    run, dev = (
        set(re.findall(r"^([a-z0-9][^=\s]*==[^\s;]+)", (TOP / name).read_text(), re.MULTILINE))
        for name in ("requirements.lock", "requirements-dev.lock")
    )
    assert run < dev


@pytest.mark.parametrize("path", SHELL, ids=lambda path: path.name)
def test_shell_scripts_parse_and_can_be_run(path: Path) -> None:
    assert path.read_text().startswith("#!/usr/bin/env bash\n")
    subprocess.run(["bash", "-n", path], check=True)
    assert path.stat().st_mode & 0o111
