"""The clouds that tests predict, and changes of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from fournines.cloud import Cloud
from fournines.cloud.resolve import load_with_places
from fournines.predict.analysis import Analysis, analyse
from fournines.predict.prediction import Prediction
from fournines.services import catalogue

REPOSITORY = Path(__file__).parents[3]
FILES = {
    "lab": REPOSITORY / "clouds/lab.yaml",
    "small": REPOSITORY / "clouds/small.yaml",
    "good": REPOSITORY / "tests/unit/checks/good.yaml",
}


@cache
def cloud(name: str, *changes: str) -> Cloud:
    """The one of that name, with these changes as `--set` takes them."""
    return load_with_places(FILES[name], catalogue(), changes)[0]


def changed(file: Path, text: str, changes: Sequence[str] = ()) -> Cloud:
    """That text as a cloud, by way of the file."""
    file.write_text(text)
    return load_with_places(file, catalogue(), changes)[0]


def analysed(service: str, name: str, *changes: str) -> Analysis:
    """That service of that cloud."""
    return next(each for each in analyse(cloud(name, *changes)) if each.visible.name == service)


def predicted(service: str, name: str, *changes: str, years: int = 1000, seed: int = 0) -> Prediction:
    """The same with its failovers."""
    return Prediction(analysed(service, name, *changes), cloud(name, *changes), years, seed)
