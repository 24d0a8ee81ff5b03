from __future__ import annotations
from collections.abc import Iterable
from dataclasses import dataclass
from fournines.cloud.model import Cloud
from fournines.predict.visible import Visible


@dataclass(frozen=True)
class Analysis:
    visible: Visible


def analyse(cloud: Cloud) -> Iterable[Analysis]:
    return ()
