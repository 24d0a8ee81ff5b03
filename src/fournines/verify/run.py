"""All round trips at once, each tried again until it succeeds or the time is over."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from fournines.cloud.model import Cloud
from fournines.converge.events import Event, Observer, silent
from fournines.errors import WaitError
from fournines.state import Vault
from fournines.verify import Trip, TripError, catalogue
from fournines.verify.client import clients, failures

BOUND = 90.0
"""Seconds until every API must have made its round trip, on a cloud that was just built or has just recovered."""
_PAUSE = 0.5
_TELL = 1.0


@dataclass(frozen=True, slots=True)
class Verified:
    """What is known of one API."""

    service: str
    ok: bool | None
    """None: it has no round trip, so nothing is known."""
    detail: str
    """What was proved; or what was seen last."""
    seconds: float | None
    """Of the good try; or of waiting in vain."""

    def as_json(self) -> dict[str, Any]:
        seconds = None if self.seconds is None else round(self.seconds, 3)
        return {"service": self.service, "ok": self.ok, "detail": self.detail, "seconds": seconds}

    def text(self) -> str:
        """On one line."""
        match self.ok:
            case True:
                return f"{self.service} {self.seconds or 0:.1f} s: {self.detail}"
            case False:
                return f"{self.service} FAILED: {self.detail}"
            case None:
                return f"{self.service} not verified: {self.detail}"


def apis(cloud: Cloud) -> tuple[str, ...]:
    """Services of which clients use an endpoint, in deployment order."""
    return tuple(each.name for each in cloud.services.values() if any(endpoint.public for endpoint in each.endpoints))


def verify(cloud: Cloud, vault: Vault, observer: Observer = silent, bound: float = BOUND) -> tuple[Verified, ...]:
    """Make every API's round trip and say how each went, in deployment order. Never raises for a failed one.

    The caller holds the cloud's lock: a round trip removes what another of its kind has made.
    """
    began = time.monotonic()
    names = apis(cloud)
    trips = {name: catalogue()[name] for name in names if name in catalogue()}
    observer(Event("start", "verify", f"{', '.join(trips)}, through the VIP"))
    run = _Run(cloud, vault, began + bound)
    with ThreadPoolExecutor(max(1, len(trips))) as pool:
        awaited = {pool.submit(run.prove, trip): name for name, trip in trips.items()}
        known: dict[str, Verified] = {}
        while awaited:
            done, _ = wait(awaited, timeout=_TELL, return_when="FIRST_COMPLETED")
            for future in done:
                known[awaited.pop(future)] = found = future.result()
                observer(Event("note", "verify", found.text()))
            if awaited and not done:
                seen = _together({name: run.seen[name] for name in awaited.values() if name in run.seen})
                told = f"; last seen: {seen}" if seen else ""
                seconds = time.monotonic() - began
                observer(Event("wait", "verify", f"{', '.join(awaited.values())}{told}", seconds=seconds))
    found = tuple(known.get(name, Verified(name, None, "it has no round trip yet", None)) for name in names)
    failed = [each.service for each in found if each.ok is False]
    text = f"{len(trips) - len(failed)} of {len(trips)} APIs" + (f", not {', '.join(failed)}" if failed else "")
    observer(Event("fail" if failed else "done", "verify", text, seconds=time.monotonic() - began))
    return found


def proved(found: Sequence[Verified]) -> None:
    """Raises WaitError naming every API that failed, with what was last seen of it."""
    if failed := [each for each in found if each.ok is False]:
        seconds = max(each.seconds or 0 for each in failed)
        raise WaitError(
            f"no round trip through {', '.join(each.service for each in failed)} within {seconds:.0f} s; "
            f"last seen: {_together({each.service: each.detail for each in failed})}",
            "see what is not well with: nines status; and nines logs HOST SERVICE",
        )


class _Run:
    """What the threads of one run share."""

    def __init__(self, cloud: Cloud, vault: Vault, until: float) -> None:
        self._until = until
        self._client = clients(cloud, vault, until)
        self._failures = failures()
        self.seen: dict[str, str] = {}
        """Service -> what its last bad try met."""

    def prove(self, trip: Trip) -> Verified:
        began = time.monotonic()
        at = self._client()
        while True:
            this_try = time.monotonic()
            try:
                trip.clean(at)
                detail = trip.go(at)
            except self._failures as error:
                # At the deadline requests are cut short: what was seen before says more.
                if trip.name not in self.seen or time.monotonic() < self._until:
                    self.seen[trip.name] = _line(error)
            else:
                return Verified(trip.name, True, detail, time.monotonic() - this_try)
            if time.monotonic() + _PAUSE >= self._until:
                return Verified(trip.name, False, self.seen[trip.name], time.monotonic() - began)
            time.sleep(_PAUSE)


def _line(error: Exception) -> str:
    """What was asked, and the innermost cause: what lies between says it all again."""
    text = " ".join(str(error).split())
    inner: BaseException = error
    while (deeper := inner.__cause__ or inner.__context__) is not None:
        inner = deeper
    if isinstance(inner, OSError) and inner is not error:
        text = f"{text.partition(': HTTPSConnectionPool')[0]}: {type(inner).__name__}: {inner}"
    elif not isinstance(error, TripError):
        text = f"{type(error).__name__}: {text}"
    return text if len(text) <= 300 else text[:297] + "..."


def _together(seen: Mapping[str, str]) -> str:
    """Service -> text; those of the same text are named together."""
    texts: dict[str, list[str]] = {}
    for name, text in seen.items():
        texts.setdefault(text, []).append(name)
    return "; ".join(f"{', '.join(names)}: {text}" for text, names in texts.items())
