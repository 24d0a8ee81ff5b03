"""Where too few copies live nothing may be served, and everything must be again when they are back. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from fournines.prove.audits import Verdict
from fournines.prove.report import Marks
from fournines.prove.samples import Sample


def standstill(writes: Iterable[Sample], marks: Marks) -> Verdict:
    """Judge the samples of a probe that writes to every copy: none is acknowledged that was begun after the fault and
    answered before the heal; after that they are served again, with nobody's help."""
    name = "blocked-and-resumed"
    samples = list(writes)
    begun = [one for one in samples if marks.injected < one.intended < marks.heal]
    if wrong := [one for one in begun if (one.ok or one.late) and (one.late or one.end) < marks.heal]:
        return Verdict(name, "fail", f"{len(wrong)} rounds of blocks were acknowledged with too few copies alive")
    if not begun:
        return Verdict(name, "unknown", "no round was begun while it had to stand still")
    last_bad = max((one.intended for one in samples if not one.ok), default=marks.injected)
    served = [one.end for one in samples if one.ok and one.intended > last_bad and one.end > marks.heal]
    if not served:
        return Verdict(name, "fail", "not served again after the heal")
    stood = marks.heal - marks.injected
    return Verdict(name, "ok", f"stood still for {stood:.0f} s, served again {min(served) - marks.heal:.1f} s after")
