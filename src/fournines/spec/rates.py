"""How often parts fail and for how long, as an operator says it under `rates`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator, model_validator

from fournines.spec.base import Model

Hours = Annotated[float, Field(ge=0.01, le=1e9, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Rate(Model):
    """How often one kind of part fails and for how long, where you know better than `fournines/predict/rates.yaml`."""

    mttf_hours: Hours | None = None
    """Mean time to a failure."""
    per_year: Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)] | None = None
    """Failures a year; instead of mttf_hours."""
    repair_hours: Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)] | None = None
    """Mean time until it serves again, where people must act."""
    restart_seconds: Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)] | None = None
    """The same where it comes back by itself."""
    coverage: Fraction | None = None
    """Share of failures from which it, or who takes over from it, comes back by itself."""
    beta: Fraction | None = None
    """Share of failures that strike all parts of a group at the same time."""
    counted: bool | None = None
    """Whether predictions count it at all."""

    @model_validator(mode="after")
    def _one_rate(self) -> Rate:
        if self.mttf_hours is not None and self.per_year is not None:
            raise ValueError("mttf_hours and per_year say the same: give one")
        return self


class Takeover(Rate):
    """Whether a failover succeeds, and what one costs that does not: coverage, repair_hours and counted."""

    @field_validator("mttf_hours", "per_year", "restart_seconds", "beta")
    @classmethod
    def _follows(cls, value: float | None) -> float | None:
        if value is not None:
            raise ValueError(
                "failovers have none: they come as often as hosts and daemons fail; say their coverage, and "
                "repair_hours of those that do not succeed"
            )
        return value


class Rates(Model):
    """By kind of part; those of `fournines/predict/rates.yaml`."""

    hardware: Rate | None = None
    """A host's hardware."""
    system: Rate | None = None
    """A host's operating system."""
    daemon: Rate | None = None
    """One service's daemons on one host."""
    disk: Rate | None = None
    """A disk."""
    rack: Rate | None = None
    """A rack, with what all of it hangs on."""
    feed: Rate | None = None
    """A power feed, behind its UPS and generator."""
    switch: Rate | None = None
    """A top-of-rack switch."""
    failover: Takeover | None = None
    """Whether a failover succeeds, and what one costs that does not."""
    site: Rate | None = None
    """The whole site."""
    operator: Rate | None = None
    """A major human error that stops the cloud."""
