"""The one place where statistics of a year come in: plain values of whoever computes them.

    {"services": [{"name": "token", "p_sla_met": 0.93, "interval_95": [0.88, 0.97], "weakest": "..."}, ...],
     "assumptions": ["...", ...]}

`name` is that of a user-visible service (`nines predict`), `p_sla_met` the probability that a year keeps its promise.
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
    weakest: str = ""
    """The assumption that moves it most."""


class Year(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    services: tuple[Odds, ...]
    assumptions: tuple[str, ...] = ()


def year(values: Mapping[str, object] | None) -> Year | None:
    """None: nobody computed any. Raises pydantic.ValidationError, a ValueError, where they have another form."""
    return None if values is None else Year.model_validate(values)
