"""The one place where statistics of a year come in: plain values of whoever computes them.

    {"services": [{"name": "a token", "p_sla_met": 0.93, "interval_95": [0.88, 0.97], "weakest": "...",
                   "p_if_nothing_were_drilled": 0.41}, ...],
     "cuts": [{"parts": ["host c1", "host c2"], "probability": 1e-6, "services": ["token"], "drills": ["0004"],
               "alike": []}, ...],
     "assumptions": ["...", ...]}

`name` is that of a user-visible service, `p_sla_met` the probability that a year keeps its promise. `cuts`: minimal cut
sets, the likeliest first, with the drills that took these very parts and those that took their likes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Probability = Annotated[float, Field(ge=0, le=1)]


class Odds(BaseModel):
    """Of one service. Given the rates of failures, which drills cannot measure."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    p_sla_met: Probability
    interval_95: tuple[Probability, Probability]
    p_if_nothing_were_drilled: Probability | None = None
    weakest: str = ""
    """The assumption that moves it most."""


class Cut(BaseModel):
    """Parts that take a service down when they are down together."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    parts: tuple[str, ...]
    probability: Probability
    services: tuple[str, ...] = ()
    drills: tuple[str, ...] = ()
    alike: tuple[str, ...] = ()


class Year(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    services: tuple[Odds, ...]
    cuts: tuple[Cut, ...] = ()
    assumptions: tuple[str, ...] = ()


def year(values: Mapping[str, object] | None) -> Year | None:
    """None: nobody computed any. Raises pydantic.ValidationError, a ValueError, where they have another form."""
    return None if values is None else Year.model_validate(values)
