"""Pages of docs/clouds are as scripts/pages would write them now.

What is simulated is left out of the comparison, for other versions of numpy may draw other numbers. All else follows
from the cloud files, the rates and the text of findings alone.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
PAGES = REPOSITORY / "docs/clouds"


def pages(*words: str | Path, hash_seed: int = 0) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, REPOSITORY / "scripts/pages.py", *words],
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With the page of one cloud, as it is."""
    shutil.copy(PAGES / "lab.md", tmp_path)
    return tmp_path


@pytest.mark.parametrize("hash_seed", [1, 2])
def test_every_page_is_fresh(hash_seed: int) -> None:
    done = pages("--check", hash_seed=hash_seed)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), "run scripts/pages"


def test_every_page_is_of_a_cloud_and_in_the_index() -> None:
    index = (PAGES / "README.md").read_text()
    for page in PAGES.glob("*.md"):
        if page.name != "README.md":
            assert (REPOSITORY / f"clouds/{page.stem}.yaml").exists()
            assert f"]({page.name})" in index


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0 errors", "7 errors"),
        (r"rack r1 ", "rack r9 "),
        (r"(token .*% +)[0-9.]+", r"\g<1>99.9"),
        ("NO-SPARE", "SPARE"),
    ],
)
def test_a_stale_page_is_told_and_written_anew(folder: Path, old: str, new: str) -> None:
    page = folder / "lab.md"
    fresh = page.read_text()
    stale = re.sub(old, new, fresh)
    assert stale != fresh
    page.write_text(stale)
    done = pages("--check", folder)
    assert (done.returncode, done.stdout) == (1, f"{page} is not as scripts/pages writes it\n")
    assert page.read_text() == stale
    assert pages(folder).returncode == 0
    assert pages("--check", folder).returncode == 0


def test_what_is_simulated_may_differ(folder: Path) -> None:
    page = folder / "lab.md"
    simulated = re.compile(r"(?<= met)(?: +[0-9.]+){4}$", re.MULTILINE)
    text, number = simulated.subn("  0.500  1.0  1.5  2.0", page.read_text())
    assert number > 5
    page.write_text(text)
    assert pages("--check", folder).returncode == 0


def test_what_is_written_by_hand_stays(folder: Path) -> None:
    page = folder / "lab.md"
    page.write_text(page.read_text().replace("## Check", "By hand.\n\n## Check"))
    assert pages("--check", folder).returncode == 0
    page.write_text(page.read_text().replace("0 errors", "7 errors"))
    assert pages(folder).returncode == 0
    assert "By hand.\n\n## Check" in page.read_text()


def test_a_part_that_nobody_makes_is_told(folder: Path) -> None:
    page = folder / "lab.md"
    page.write_text(page.read_text().replace("scripts/pages: check", "scripts/pages: chec"))
    done = pages("--check", folder)
    assert done.returncode == 1
    assert "there is no part 'chec'" in done.stderr
