"""Power loss of two hosts of disks: too few copies live, so nothing may be acknowledged until the power returns."""

from __future__ import annotations

from fournines.faults.power_loss import PowerLoss


class TwoStorageHosts(PowerLoss):
    name = "two-storage-hosts"
    letter = "Q"
    target = "storage:2"
    blocks = True
