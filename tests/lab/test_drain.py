"""What an operator does on purpose costs no request: standby, taking back, and restarts of every service in turn."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from standing_lab import Standing

from fournines.prove import rows, samples
from fournines.prove.drill import api_of, probes_of
from fournines.prove.fleet import ProbeFleet
from fournines.prove.prober import Beat, Plan
from fournines.prove.samples import Sample

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(os.geteuid() != 0, reason="a lab needs root: namespaces, mounts and cgroups"),
]

PATIENCE_S = 15.0
"""Of the probes here: what is asked is whether a request is lost, not how slow this machine is just now."""


def probed(standing: Standing, folder: Path, action: Callable[[], object]) -> list[Sample]:
    """Every request of every probe while the action was under way, and for 4 s before and after it."""
    probes = probes_of(standing.cloud)
    # Names that probes give are unique in a run, not among runs.
    rows.remove(standing.fleet["c1"], probes)
    beats = tuple(replace(Beat.of(probe), deadline_s=PATIENCE_S) for probe in probes)
    file = folder / f"samples-{time.monotonic_ns()}.jsonl"
    with ProbeFleet(Plan(api=api_of(standing.cloud, standing.state.vault()), beats=beats, samples=file)) as probing:
        time.sleep(4)
        action()
        time.sleep(4)
        probing.stop()
    return list(samples.read(file))


def lost(seen: list[Sample]) -> list[str]:
    assert len(seen) > 30, "nothing was measured"
    began = min(sample.intended for sample in seen)
    return [f"{s.intended - began:.2f} s {s.probe}: {s.error} {s.detail or ''}" for s in seen if not s.ok]


def holder(standing: Standing) -> str:
    (name,) = standing.json("status")["vip"]["holders"]
    return name
