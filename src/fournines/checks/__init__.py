"""Checks of a design, before anything is built. One family of checks a file, found by module name.

    Design -> Check.check -> Finding

Checks are pure and fast: they see the resolved cloud, never a host.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from functools import cache
from typing import ClassVar

from fournines.checks.design import Design
from fournines.checks.finding import SEVERITIES, Code, Finding, Severity
from fournines.errors import NinesError
from fournines.seam import instances
from fournines.spec.problems import suggest

__all__ = ["Check", "Code", "Design", "Finding", "Severity", "catalogue", "codes", "explain", "run"]


class Check(ABC):
    """One family of weak points. Instances hold no state."""

    name: ClassVar[str]
    codes: ClassVar[tuple[Code, ...]]
    """Every kind of finding that it can make."""

    @abstractmethod
    def check(self, design: Design) -> Iterable[Finding]:
        """What it finds, in any order."""


@cache
def catalogue() -> Mapping[str, Check]:
    """Every family of this folder by name, sorted. Raises TypeError when two modules claim one name."""
    return instances(sys.modules[__name__], Check)


@cache
def codes() -> Mapping[str, Code]:
    """Every kind of finding by its code, sorted. Raises TypeError when two families claim one."""
    found: dict[str, Code] = {}
    for check in catalogue().values():
        for code in check.codes:
            if code.code in found:
                raise TypeError(f"two checks have the code {code.code}")
            found[code.code] = code
    return dict(sorted(found.items()))


def explain(code: str) -> Code:
    """The kind of finding with that code. Raises NinesError naming the near ones."""
    wanted = code.upper()
    if wanted not in codes():
        raise NinesError(f"there is no finding {code[:60]!r}{suggest(wanted, list(codes()))}", "see nines explain")
    return codes()[wanted]


def run(design: Design) -> tuple[Finding, ...]:
    """Every finding, the worst first, then by code and subject."""
    found = {finding: None for check in catalogue().values() for finding in check.check(design)}
    return tuple(sorted(found, key=lambda each: (SEVERITIES.index(each.severity), each.code, each.subject, each.why)))
