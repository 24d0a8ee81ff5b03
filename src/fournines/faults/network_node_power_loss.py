"""Power loss of the network host on which routers are active: another one that has them ready takes over."""

from __future__ import annotations

from fournines.faults.power_loss import PowerLoss


class NetworkNodePowerLoss(PowerLoss):
    name = "network-node-power-loss"
    letter = "G"
    target = "router"
