"""Power loss of a compute host, and of its guests with it."""

from __future__ import annotations

from fournines.faults.power_loss import PowerLoss


class ComputePowerLoss(PowerLoss):
    name = "compute-power-loss"
    letter = "H"
    target = "guests"
