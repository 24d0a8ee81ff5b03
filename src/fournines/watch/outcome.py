"""What one sample says of the cloud. Pure."""

from __future__ import annotations

from typing import Literal, get_args

from fournines.prove.samples import Sample

Outcome = Literal["ok", "slow", "error", "unknown"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
"""The right answer in time; none in time; a wrong one, or no connection; the prober itself was late."""


def outcome(sample: Sample, deadline_s: float) -> Outcome:
    """Of a request with that deadline.

    `unknown` is one that ran into its deadline while the prober stood still for more than half of it: whether the cloud
    would have answered in time nobody knows. A drill is void then; who stands leaves such requests out, on both sides.
    A refusal or a good answer says as much when it came to a late prober.
    """
    if sample.ok:
        return "ok"
    if not sample.slow:
        return "error"
    started_late = sample.start - sample.intended
    ended_late = sample.end - sample.intended - deadline_s
    return "unknown" if max(started_late, ended_late) > deadline_s / 2 else "slow"
