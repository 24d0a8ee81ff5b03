"""A host out of service, and back.

    all refusals, before anything is changed -> each duty taken, in order
    the host answers -> each duty given back, in the reverse order

Every part is idempotent: a run that failed or was killed is run again, or undone by the other one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from fournines.converge.events import Event
from fournines.errors import NinesError
from fournines.maintain import Duty, Views, duties, in_maintenance, unknown
from fournines.maintain.plan import refusal
from fournines.maintain.site import ANSWER_S, Site


@dataclass(frozen=True, slots=True)
class Done:
    """What a run did."""

    host: str
    duties: tuple[str, ...]
    """Taken or given back, in that order; empty: there was nothing to do."""
    left: tuple[str, ...]
    """What the operator should know of what is still on the host."""
    seconds: float


def enter(site: Site, host: str) -> Done:
    """Take the host out of service. Raises NinesError: refused, and then nothing was changed; or not all of it could be
    done, and then it says how to go on and how to go back."""
    began = time.monotonic()
    site.observer(Event("start", "look", "is the cloud well enough to spare it?"))
    views = site.look()
    present = in_maintenance(site.cloud, views)
    if why := refusal(site.cloud, views, present, host):
        raise NinesError(*why)
    own = duties(site.cloud, host)
    for duty in own:
        duty.possible(site, host, views)
    site.observer(Event("done", "look", "it can be spared", seconds=time.monotonic() - began))
    left: list[str] = []
    for duty in own:
        site.observer(Event("start", duty.name, "leaves", host=host))
        begun = time.monotonic()
        try:
            left += duty.take(site, host)
        except NinesError as error:
            error.remedy = _ways(error.remedy, host)
            raise
        site.observer(Event("done", duty.name, "left", host=host, seconds=time.monotonic() - begun))
    return Done(host, tuple(duty.name for duty in own), tuple(left), time.monotonic() - began)


def leave(site: Site, host: str) -> Done:
    """Take the host back, where it is in maintenance. Raises NinesError; what was not given back stays marked."""
    began = time.monotonic()
    site.observer(Event("start", "look", "what was taken from it?"))
    views = site.look()
    if blind := unknown(site.cloud, views):
        raise NinesError(f"nobody says whether {host} is in maintenance: {', '.join(blind)}", "see nines status")
    wanted = _given(site, host, views)
    if not wanted:
        return Done(host, (), (), time.monotonic() - began)
    remedy = f"switch {host} on (nines up does in a lab), then run it again"
    site.wait("look", ANSWER_S, lambda: "" if site.look([host])[host].reachable else f"{host} to answer", remedy)
    for duty in wanted:
        site.observer(Event("start", duty.name, "comes back", host=host))
        begun = time.monotonic()
        duty.give(site, host)
        site.observer(Event("done", duty.name, "is back", host=host, seconds=time.monotonic() - begun))
    return Done(host, tuple(duty.name for duty in wanted), (), time.monotonic() - began)


def _given(site: Site, host: str, views: Views) -> list[Duty]:
    marked = in_maintenance(site.cloud, views).get(host, ())
    own = reversed(duties(site.cloud, host))
    return [duty for duty in own if duty.name in marked or not duty.mark] if marked else []


def _ways(remedy: str, host: str) -> str:
    """What to do about a host that is half out of service."""
    ways = f"nines maintain {host} again goes on from here, nines maintain {host} --done takes the host back"
    return f"{remedy}; {ways}" if remedy else ways
