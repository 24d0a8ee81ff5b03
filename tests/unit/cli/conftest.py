"""Runs command lines in this process, on a terminal of 80 columns, with a state folder of its own."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from said import Nines, Said

from fournines.cli import app


@pytest.fixture
def nines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Nines]:
    monkeypatch.setenv("NINES_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NINES_CLOUD", raising=False)

    def run(*words: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["nines", *words])
        with pytest.raises(SystemExit) as ended:
            app.run()
        seen = capsys.readouterr()
        code = ended.value.code
        assert isinstance(code, int)
        assert "Traceback" not in seen.out + seen.err
        assert "a bug in nines" not in seen.err, seen.err
        return Said(code, seen.out, seen.err)

    yield run
    # Verbs that end soon do without.
    gc.enable()
