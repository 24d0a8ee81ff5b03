"""The campaigns that tests make up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fournines.posterior.model import Cut, Design, Model, Takeover
from fournines.posterior.observation import Class, Observation
from fournines.prove.outages import Bounds

ROLES: Mapping[str, frozenset[str]] = {
    **{f"c{number}": frozenset({"control"}) for number in (1, 2, 3)},
    **{f"s{number}": frozenset({"storage"}) for number in (1, 2, 3)},
}
CONTROLLERS = frozenset({"c1", "c2", "c3"})


def bounds(upper: float | None) -> Bounds:
    return Bounds(0.0 if upper is None else upper / 2, upper)


def seen(drill: int = 1, recovered: bool | None = True, upper: float | None = 4.0, **more: Any) -> Observation:
    """A token during the power loss of the VIP's holder, or what is said otherwise."""
    said: dict[str, Any] = {
        "fault": "power-loss",
        "roles": ("control",),
        "configuration": "c" * 64,
        "fidelity": "container",
        "connections": "fresh",
        "letter": "D",
        "target": "vip",
        "hosts": ("c1",),
        "silences": True,
        "stops": "",
        "blocks": False,
        "probe": "token",
        "column": "token",
        "service": "keystone",
        "budget_s": 15.0,
        "bound_s": 6.0,
        **more,
    }
    of = Class(*(said.pop(name) for name in ("fault", "roles", "configuration", "fidelity", "connections")))
    measured = None if recovered is None and upper is None else bounds(upper)
    return Observation(
        drill=f"{drill:04}",
        of=of,
        outage=measured,
        total=measured,
        recovered=recovered,
        **said,
    )


def campaign(worked: int, failed: int = 0, unknown: int = 0, first: int = 1, **more: Any) -> list[Observation]:
    """So many drills of one class."""
    said = [*[True] * worked, *[False] * failed, *[None] * unknown]
    return [seen(first + number, recovered, **more) for number, recovered in enumerate(said)]


def takeover(service: str = "haproxy", what: str = "hosts", **more: Any) -> Takeover:
    said: dict[str, Any] = {
        "per_year": 4.0,
        "seconds": 6.0,
        "coverage": 0.99,
        "failed_seconds": 1800.0,
        "share": 1.0,
        "each": False,
        "members": CONTROLLERS,
        "kinds": {"hardware": 0.25, "system": 0.75},
        **more,
    }
    return Takeover(service, what, **said)


def model(takeovers: Iterable[Takeover] = (), cuts: Iterable[Cut] = (), **more: Any) -> Model:
    said: dict[str, Any] = {"budget_s": 3153.6, "per_year": 0.0, "mean_s": 0.0, **more}
    return Model("token", "a token", "token", takeovers=tuple(takeovers), cuts=tuple(cuts), **said)


def design(*models: Model) -> Design:
    return Design("lab", models, ROLES, (0.99, 0.9, 0.999), "assumed")
