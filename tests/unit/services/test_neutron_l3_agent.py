"""Routers announce themselves again soon after they became active."""

from __future__ import annotations

from fournines.services.onhost.neutron_l3_agent import AGAIN_S, announced


class Instance:
    """As Neutron's, which takes a delay that its L3 agent leaves as it is."""

    def __init__(self, state: str, interface: str, nopreempt: bool = False, garp_primary_delay: int = 60) -> None:
        self.made_of = state, interface, nopreempt
        self.garp_primary_delay = garp_primary_delay


class Announced(Instance):
    __init__ = announced(Instance.__init__)


def test_all_but_the_delay_is_as_neutron_has_it() -> None:
    assert Instance("BACKUP", "ha-1", nopreempt=True).garp_primary_delay == 60
    found = Announced("BACKUP", "ha-1", nopreempt=True)
    assert found.made_of == ("BACKUP", "ha-1", True)
    assert found.garp_primary_delay == AGAIN_S == 1
