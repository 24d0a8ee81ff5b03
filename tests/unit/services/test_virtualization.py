"""The guest that tells whether KVM is of use, and what is said of it. Real qemu runs it in tests/lab."""

from __future__ import annotations

from pathlib import Path

import pytest

from fournines.services.onhost import virtualization


def test_the_guest_is_a_boot_sector() -> None:
    sector = virtualization.boot_sector()
    assert len(sector) == 512
    assert sector.endswith(b"\x55\xaa")


@pytest.mark.parametrize(
    ("seconds", "kvm_there", "wanted"),
    [
        ({"tcg": 0.2, "kvm": 0.1}, True, "virt_type = kvm"),
        ({"tcg": 0.2, "kvm": None}, True, "virt_type = qemu"),
        ({"tcg": 0.2, "kvm": 0.1}, False, "virt_type = qemu"),
    ],
)
def test_kvm_is_chosen_when_it_runs_the_guest(
    seconds: dict[str, float | None],
    kvm_there: bool,
    wanted: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bounds: dict[str, float] = {}

    def runs(accelerator: str, bound: float) -> float | None:
        bounds[accelerator] = bound
        return seconds[accelerator]

    found = tmp_path / "run/virtualization.conf"
    monkeypatch.setattr(virtualization, "FOUND", str(found))
    monkeypatch.setattr(virtualization, "runs", runs)
    monkeypatch.setattr(virtualization, "KVM", str(tmp_path if kvm_there else tmp_path / "none"))
    virtualization.main()
    assert wanted in found.read_text().splitlines()
    # A nested KVM that takes several times as long as emulation is none.
    assert bounds.get("kvm", 2) == 2


def test_no_guest_at_all_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def never(accelerator: str, bound: float) -> None:
        return None

    monkeypatch.setattr(virtualization, "FOUND", str(tmp_path / "conf"))
    monkeypatch.setattr(virtualization, "runs", never)
    with pytest.raises(SystemExit, match="not even by its own emulation"):
        virtualization.main()
