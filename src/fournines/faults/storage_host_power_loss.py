"""Power loss of one host of disks: its copies and its monitor are gone, the others serve."""

from __future__ import annotations

from fournines.faults.power_loss import PowerLoss


class StorageHostPowerLoss(PowerLoss):
    name = "storage-host-power-loss"
    letter = "F"
    target = "storage"
