from __future__ import annotations

from typing import Any


def test_a_code_that_no_check_has(good: str, findings: Any):
    (found,) = findings(good + "accept: {SPOF-HOTS: no}\n", "ACCEPT-UNKNOWN")
    assert "did you mean SPOF-HOST?" in found.why
    assert found.loc == ("accept", "SPOF-HOTS")


def test_a_code_that_there_is(good: str, findings: Any):
    assert findings(good + "accept: {SPOF-HOST: spare parts are at hand}\n", "ACCEPT-UNKNOWN") == []
