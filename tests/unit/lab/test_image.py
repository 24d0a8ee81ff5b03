from __future__ import annotations

from pathlib import Path

import pytest

from fournines.errors import NinesError
from fournines.lab import image

OUTPUT = """\
I: running apt-get update...
0 upgraded, 2 newly installed, 0 to remove and 0 not upgraded.
I: extracting archives...
Unpacking base-files (13) ...
Unpacking bash (5) ...
Setting up base-files (13) ...
Setting up bash (5) ...
I: installing remaining packages inside the chroot...
0 upgraded, 3 newly installed, 0 to remove and 0 not upgraded.
Unpacking galera-4 (26) ...
"""


def test_the_digest_follows_the_packages_and_nothing_else() -> None:
    assert image.recipe(["haproxy", "galera-4"]).digest == image.recipe(["galera-4", "haproxy", "haproxy"]).digest
    assert image.recipe(["systemd"]) == image.recipe([])
    assert image.recipe(["haproxy"]).digest != image.recipe([]).digest


@pytest.mark.parametrize("name", ["a,b", "--hook=x", "", "A", "x; reboot", "a b"])
def test_what_is_no_package_never_reaches_a_command(name: str) -> None:
    with pytest.raises(NinesError, match="not the name of a Debian package"):
        image.recipe([name])


def test_the_command_names_a_suite_and_no_mirror() -> None:
    words = image.command(image.recipe(["haproxy"]), Path("/x/root"), Path("/x/with blank"))
    assert words[-2:] == ["trixie", "/x/root"]
    assert not [word for word in words if "://" in word]
    assert any("'/x/with blank'" in word for word in words)
    assert "haproxy" in next(word for word in words if word.startswith("--include=")).split("=")[1].split(",")


def test_progress_counts_over_both_phases() -> None:
    progress = image.Progress()
    seen: list[str] = []
    for line in OUTPUT.splitlines():
        progress.read(line)
        seen.append(str(progress))
    assert seen[0] == "running apt-get update"
    assert seen[5] == "unpacked 2, configured 1 of 2 packages"
    assert seen[-1] == "unpacked 3, configured 2 of 5 packages"
