"""Whether the cloud can spare a host. Pure: what was seen in, the reason out."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from fournines.cloud.model import Cloud
from fournines.maintain import Views
from fournines.prove.facts import facts, unhealthy
from fournines.services import catalogue

Refused = tuple[str, str]
"""Why, and what to do about it."""


def refusal(cloud: Cloud, views: Views, present: Mapping[str, Collection[str]], host: str) -> Refused | None:
    """Why that host must stay; None: it can be spared. `present`: hosts that are in maintenance, by duties.

    The other hosts must all be well. The host itself must answer, no more: one that is ill is what maintenance is for;
    and one that is in maintenance already may be off.
    """
    if others := [name for name in present if name != host]:
        return (
            f"{', '.join(others)} is in maintenance: one host at a time",
            f"nines maintain {others[0]} --done",
        )
    ill = [line for each in cloud.hosts if each.name != host for line in unhealthy(views, cloud, each.name)]
    if ill:
        return (
            f"the cloud is not well, so it cannot spare {host}: {'; '.join(ill)}",
            "see nines status; mend that first",
        )
    view = views.get(host)
    if host not in present and (view is None or not view.reachable):
        return f"{host} does not answer: nothing can be moved away from it", "see nines status"
    if (lost := majorities(cloud, views, host)) and host not in present:
        return f"without {host} there would be no majority: {'; '.join(lost)}", "see nines status; or add hosts"
    return None


def majorities(cloud: Cloud, views: Views, host: str) -> list[str]:
    """Services that could not decide any more without that host, one line each."""
    lost: list[str] = []
    for name, placement in cloud.services.items():
        members = [each.name for each in placement.hosts]
        if host not in members:
            continue
        judged = catalogue()[name].quorum({each: facts(views, each, name) or {} for each in members})
        if judged is None:
            continue
        serving, said = judged
        if 2 * (serving - _serves(views, host, name)) <= len(members):
            lost.append(f"{name} ({said}) needs more than half of {len(members)} besides {host}")
    return lost


def _serves(views: Views, host: str, service: str) -> bool:
    """Whether the member there is one of those that serve. One that is ill is not missed."""
    view = views.get(host)
    member = view.services.get(service) if view else None
    return member is not None and (member.health is None or member.health.ok)
