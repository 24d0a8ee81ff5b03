"""Many names in few words, and codes that explain themselves."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from fournines.checks import Check, catalogue, codes
from fournines.checks._words import listed
from fournines.checks.domains import Domains
from fournines.checks.fencing import Fencing
from fournines.checks.quorum import Quorum
from fournines.checks.strategies import Strategies


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], ""),
        (["c1"], "c1"),
        (["c1", "c2", "c3", "c4"], "c1, c2, c3 and c4"),
        ([f"c{n}" for n in range(8, 12)] + ["d"], "c[8-11] and d"),
        ([f"c{n:02}" for n in range(8, 12)] + ["d"], "c[08-11] and d"),
        ([f"c{n}" for n in range(1, 101)], "c[1-100]"),
        (["c1", "c1", "c2"], "c1 and c2"),
        (["a", "b", "c", "d", "e", "f"], "a, b, c and 3 more"),
        ([f"c{n}" for n in range(1, 20, 2)], "c1, c3, c5 and 7 more"),
    ],
)
def test_names(names: Sequence[str], text: str):
    assert listed(names) == text


@pytest.mark.parametrize("check", [Quorum(), Fencing(), Strategies(), Domains()], ids=lambda check: check.name)
def test_each_code_says_why_and_what_to_do(check: Check):
    assert catalogue()[check.name].codes == check.codes
    for code in check.codes:
        assert codes()[code.code] == code
        assert code.title
        assert len(code.why) > 100
        assert code.fix.endswith(".")


def test_what_is_found_ends_with_a_full_stop_and_what_to_do_begins_with_a_capital() -> None:
    code = codes()["SPOF-HOST"]
    for why in ("ctl1 is the only one", "ctl1 is the only one."):
        found = code.found("ctl1", why, fix="give one more host the role")
        assert (found.why, found.fix) == ("ctl1 is the only one.", "Give one more host the role.")
    assert code.found("ctl1", "x").fix == code.fix
