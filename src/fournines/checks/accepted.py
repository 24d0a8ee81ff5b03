"""Codes that the operator accepts, of findings that there cannot be."""

from __future__ import annotations

from collections.abc import Iterable

from fournines.checks import Check, codes
from fournines.checks.design import Design
from fournines.checks.finding import Code, Finding
from fournines.spec.problems import suggest

UNKNOWN = Code(
    "ACCEPT-UNKNOWN",
    "warning",
    "an accepted finding that does not exist",
    "The cloud file accepts a code that no check has: a misspelt one accepts nothing, and another one is not known.",
    "Correct the code under `accept`, or take it out; nines explain lists them all.",
)


class Accepted(Check):
    name = "accepted"
    codes = (UNKNOWN,)

    def check(self, design: Design) -> Iterable[Finding]:
        for code in design.cloud.accept:
            if code not in codes():
                why = f"The cloud file accepts {code}, which no check can find{suggest(code, list(codes()))}."
                yield UNKNOWN.found(code, why, ("accept", code))
