from __future__ import annotations

from pathlib import Path

import pytest

from fournines.errors import NinesError
from fournines.lab import image


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
