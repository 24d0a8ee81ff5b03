"""Compute: the host gets no new guests, and those that run are live-migrated to wherever Nova's scheduler chooses. By
the same mark instance HA knows that it must not fence the host while it reboots.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from fournines.cloud.model import Cloud
from fournines.converge.events import Event
from fournines.errors import NinesError, WaitError
from fournines.maintain import REASON, Duty, Views
from fournines.maintain._guests import Guest, Guests, following, sort
from fournines.maintain.site import Site, asked, told_to
from fournines.verify.client import failures

SERVICE = "nova-compute"
AT_ONCE = 2
"""Nova itself sends one after the other (`max_concurrent_live_migrations`); the next one is then ready to go."""
ONE_S = 1800.0
"""In which one of the guests must have left; Nova gives a migration up sooner or later by its own timeouts."""
_POLL_S = 1.0
_ASYNCHRONOUS = "2.34"
"""From this microversion on Nova answers at once, and checks afterwards."""


class Compute(Duty):
    name = "compute"
    mark = ("nova", "disabled")

    def hosts(self, cloud: Cloud) -> tuple[str, ...]:
        return tuple(host.name for host in cloud.services[SERVICE].hosts) if SERVICE in cloud.services else ()

    def possible(self, site: Site, host: str, views: Views) -> None:
        sdk = site.client().sdk
        found = asked(lambda: list(sdk.compute.services(binary=SERVICE)))
        own = next((each for each in found if each.host == host), None)
        if own is None:
            raise NinesError(f"Nova knows no {SERVICE} on {host}", "nines apply")
        if own.status != "enabled" and not (own.disabled_reason or "").startswith(REASON):
            why = own.disabled_reason or "no reason given"
            remedy = f"openstack compute service set --enable {host} {SERVICE}, then run it again"
            raise NinesError(f"{SERVICE} on {host} was disabled by somebody else: {why}", remedy)
        guests = asked(lambda: _guests(sdk, host))
        if guests.stuck:
            names = "; ".join(guest.text for guest in guests.stuck)
            remedy = "wait for those that are being worked on; confirm, unrescue, stop or delete the others"
            raise NinesError(f"guests on {host} run and cannot be migrated as they are: {names}", remedy)
        others = [each for each in found if each.host != host and each.status == "enabled" and each.state == "up"]
        if not others and (guests.movable or guests.moving):
            raise NinesError(
                f"no other compute host is enabled and up: {len(guests.movable)} guests of {host} have no place to go",
                "add a compute host to the cloud file and apply it, or stop the guests",
            )

    def take(self, site: Site, host: str) -> Sequence[str]:
        sdk = site.client().sdk
        _enable(sdk, host, reason=REASON)
        cold = _Leaving(site, sdk, host).all()
        return [f"{guest.text} does not run, and stays" for guest in cold]

    def give(self, site: Site, host: str) -> None:
        site.well(self.name, host)
        sdk = site.client().sdk

        def down() -> str:
            return "" if asked(lambda: _service(sdk, host)).state == "up" else f"Nova to see {SERVICE} up"

        site.wait(self.name, 120, down, f"nines logs {host} {SERVICE}")
        _enable(sdk, host, reason=None)


class _Leaving:
    """Guests on their way from one host."""

    def __init__(self, site: Site, sdk: Any, host: str) -> None:
        self.site, self.sdk, self.host = site, sdk, host
        self.tried: dict[str, float] = {}
        self.refused: dict[str, str] = {}

    def all(self) -> tuple[Guest, ...]:
        """Those that do not run are still there in the end. Raises NinesError naming who could not leave."""
        while True:
            now = asked(lambda: _guests(self.sdk, self.host))
            step = following(now, self.tried, AT_ONCE)
            for guest in step.start:
                self._start(guest)
            self._tell(now)
            if not now.moving and not step.start:
                break
            time.sleep(_POLL_S)
        if step.failed or now.stuck:
            names = "; ".join(f"{each.text}: {self._why(each)}" for each in dict.fromkeys((*step.failed, *now.stuck)))
            raise NinesError(
                f"could not be migrated from {self.host}: {names}",
                f"nines logs {self.host} {SERVICE}; is there room on other hosts?",
            )
        return now.cold

    def _start(self, guest: Guest) -> None:
        self.tried[guest.id] = time.monotonic()
        body = {"os-migrateLive": {"host": None, "block_migration": "auto"}}
        try:
            answer = self.sdk.compute.post(f"/servers/{guest.id}/action", json=body, microversion=_ASYNCHRONOUS)
            if answer.status_code >= 400:
                self.refused[guest.id] = " ".join(answer.text.split())[:200]
        except failures() as error:
            # It may have been heard all the same: the next look says so.
            self.refused[guest.id] = " ".join(str(error).split())[:200]

    def _tell(self, now: Guests) -> None:
        for guest in now.moving:
            # One that an earlier run sent counts from now.
            seconds = time.monotonic() - self.tried.setdefault(guest.id, time.monotonic())
            self.site.observer(Event("wait", "compute", f"{guest.name} to leave", self.host, seconds))
            if seconds > ONE_S:
                remedy = f"openstack server migration list --server {guest.id}: it can be aborted or forced there"
                raise WaitError(f"{guest.text} is still migrating after {seconds:.0f} s", remedy)

    def _why(self, guest: Guest) -> str:
        if guest.id in self.refused:
            return self.refused[guest.id]
        try:
            found = [each for each in self.sdk.compute.migrations() if each.server_id == guest.id]
        except failures():
            found = []
        return f"its migration is said to be {found[0].status}" if found else "Nova gave no reason"


def _service(sdk: Any, host: str) -> Any:
    """Raises NinesError where Nova knows none."""
    for each in sdk.compute.services(binary=SERVICE, host=host):
        return each
    raise NinesError(f"Nova knows no {SERVICE} on {host}", "nines apply")


def _enable(sdk: Any, host: str, *, reason: str | None) -> None:
    """Or disable it, where there is a reason."""
    found = asked(lambda: _service(sdk, host))
    if reason is None:
        told_to(lambda: sdk.compute.enable_service(found))
    elif found.status == "enabled":
        told_to(lambda: sdk.compute.disable_service(found, disabled_reason=reason))


def _guests(sdk: Any, host: str) -> Guests:
    listed = sdk.compute.servers(all_projects=True, compute_host=host)
    return sort(
        Guest(each.id, each.name or each.id, each.status, each.task_state, int(each.power_state or 0))
        for each in listed
        # Nova lists one that has just left once more.
        if each.compute_host == host
    )
