"""SIGKILL of ovs-vswitchd where routers are active: a switch in user space forwards nothing until it is back."""

from __future__ import annotations

from fournines.faults.kill import Kill
from fournines.services.openvswitch import UNIT


class OvsKill(Kill):
    name = "ovs-kill"
    letter = "S"
    target = "router"
    stops = "openvswitch"
    units = UNIT
