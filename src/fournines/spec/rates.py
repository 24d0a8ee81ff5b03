"""How often parts fail and for how long, as an operator says it under `rates`."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, field_validator, model_validator

from fournines.spec.base import Model

Hours = Annotated[float, Field(ge=0.01, le=1e9, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


def _ordered(ends: tuple[float, float]) -> tuple[float, float]:
    if ends[0] > ends[1]:
        raise ValueError(f"the low end comes first: [{ends[1]:g}, {ends[0]:g}]")
    return ends


_Often = Annotated[float, Field(ge=1e-6, le=1e6, allow_inf_nan=False)]
_Long = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]


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
    range: Annotated[tuple[_Often, _Often], AfterValidator(_ordered)] | None = None
    """[low, high] in which failures a year may lie; of `failover`: coverage."""
    repair_range: Annotated[tuple[_Long, _Long], AfterValidator(_ordered)] | None = None
    """[low, high] in which repair_hours may lie."""
    beta_range: Annotated[tuple[Fraction, Fraction], AfterValidator(_ordered)] | None = None
    """[low, high] in which beta may lie."""
    counted: bool | None = None
    """Whether predictions count it at all."""

    @model_validator(mode="after")
    def _one_rate(self) -> Rate:
        if self.mttf_hours is not None and self.per_year is not None:
            raise ValueError("mttf_hours and per_year say the same: give one")
        return self


class Takeover(Rate):
    """Whether a failover succeeds, and what one costs that does not: coverage, repair_hours, their ranges and
    counted."""

    @field_validator("range")
    @classmethod
    def _shares(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value is not None and value[1] > 1:
            raise ValueError("of failovers it is the share that succeeds, at most 1")
        return value

    @field_validator("mttf_hours", "per_year", "restart_seconds", "beta", "beta_range")
    @classmethod
    def _follows(cls, value: object) -> object:
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
