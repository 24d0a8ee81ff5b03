"""Ask for ever, show what came, end at a signal."""

from __future__ import annotations

import contextlib
import signal
import tempfile
from collections.abc import Callable, Collection, Generator, Iterable
from dataclasses import replace
from pathlib import Path
from types import FrameType

from fournines.cloud.model import Cloud
from fournines.cloud.names import WATCHES
from fournines.errors import DrillError, NinesError
from fournines.probes import Api, ApiProbe, Probe
from fournines.prove import lasting
from fournines.prove.asked import admin_of, probes_of
from fournines.prove.prober import Beat, Plan
from fournines.state import State
from fournines.watch import certificates
from fournines.watch.metrics import Metrics
from fournines.watch.serve import Listen, served
from fournines.watch.standing import StandingProbes

SPEED = 0.2
"""As many requests a second as in a drill, times this: a cloud in production has others to serve."""


def may_stand(cloud: Cloud, requested: Collection[str] = ()) -> list[ApiProbe]:
    """The probes that may stand: this machine makes them, and they leave nothing and need nothing left there; and what
    is requested of those that are made on request alone.

    What others write lies in the database, and is removed there when a drill has audited it: a standing
    process would need a right to all databases, and would take acknowledged rows from under a drill's audit. What
    reads an object or asks a guest stands on what a drill or `nines demo --delete` takes away. Raises DrillError for a
    request of something else.
    """
    probes = [
        probe
        for probe in probes_of(cloud, requested)
        if isinstance(probe, ApiProbe) and not (probe.writes or probe.fetches or probe.guest_path)
    ]
    if cannot := {*requested} - {probe.name for probe in probes}:
        raise DrillError(f"a watch cannot make {', '.join(sorted(cannot))}: the demo's guest is asked", "nines drill")
    return probes


def api(cloud: Cloud, state: State) -> Api:
    """Where and as whom to ask. Makes no secret. Raises NinesError where this machine has none of that cloud."""
    vault = state.vault()
    if not vault.has("admin"):
        raise NinesError(
            f"there are no secrets of the cloud {cloud.name} here",
            "watch where nines up or apply ran, with the same NINES_STATE",
        )
    return replace(admin_of(cloud, vault), names=WATCHES)


def watch(
    cloud: Cloud,
    api: Api,
    listen: Listen,
    speed: float = SPEED,
    tell: Callable[[str], None] = lambda text: None,
    requested: Collection[str] = (),
) -> None:
    """Until SIGINT or SIGTERM; from the main thread only. `tell` is given a line when the probes run.

    Raises NinesError (cannot listen) and DrillError (a prober could not start, or died). A cloud that does not
    answer is none: that is what is measured.
    """
    probes = may_stand(cloud, requested)
    metrics = Metrics(cloud.name, probes)
    beats = tuple(Beat.of(probe, speed) for probe in probes)
    with (
        until_told(),
        served(metrics.registry, listen) as url,
        certificates.watched(cloud.name, api.endpoints, metrics.registry),
        tempfile.TemporaryDirectory(prefix="nines-watch-") as folder,
        _restartable(),
        _nothing_left(api, probes, tell),
        StandingProbes(Plan(api=api, beats=beats, samples=Path(folder) / "samples", standing=True)) as standing,
    ):
        rate = sum(1 / beat.interval_s for beat in beats)
        tell(f"{cloud.name}: {len(probes)} probes, {rate:.1f} requests a second, {url}")
        while True:
            for sample in standing.samples():
                metrics.take(sample)


@contextlib.contextmanager
def _nothing_left(api: Api, probes: Iterable[Probe], tell: Callable[[str], None]) -> Generator[None]:
    """Nothing that these probes made is there from before this block, nor after it, which ends them in their middle."""

    def remove() -> None:
        if any(probe.lasting for probe in probes):
            try:
                lasting.remove(api)
            except DrillError as error:
                tell(f"{error.message}; the next nines watch with such probes tries again")

    remove()
    try:
        yield
    finally:
        remove()


class _Told(BaseException):
    """A signal asked us to end."""


@contextlib.contextmanager
def until_told() -> Generator[None]:
    """SIGINT and SIGTERM end this block, quietly; a second one does not disturb its end."""
    told = False

    def end(number: int, frame: FrameType | None) -> None:
        nonlocal told
        if not told:
            told = True
            raise _Told

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with contextlib.suppress(_Told):
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _restartable() -> Generator[None]:
    """The folder with a prober's complaints goes with us, so nobody is sent there."""
    try:
        yield
    except DrillError as error:
        raise DrillError(error.message, "start nines watch again; as a service it is (docs/watching.md)") from None
