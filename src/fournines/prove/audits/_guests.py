"""What is seen of guests, again until it is well: they may still be on their way after a drill, and what one leaves on
its former host goes when that one's agents are back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from fournines.converge.inspect import inspect
from fournines.prove import inventory
from fournines.prove.audits import Evidence, Outcome
from fournines.prove.audits._settled import settled
from fournines.prove.facts import AGENT, guests, members
from fournines.prove.inventory import Inventory

Running = Mapping[str, Collection[str]]
"""Host -> ids of the guests that have a process there."""
Judge = Callable[[Inventory, Running, Collection[str]], tuple[Outcome, str]]
"""Of what services say, what runs, and hosts that could not be asked."""


def settled_guests(evidence: Evidence, judge: Judge) -> tuple[Outcome, str]:
    """As `judge` has it when all is well, or last; for no longer than guests may take to be back."""
    views = [evidence.views]

    def look() -> tuple[Outcome, str]:
        seen = views.pop() if views else inspect(evidence.cloud, evidence.fleet, members(evidence.cloud, AGENT))
        return judge(inventory.take(evidence.api), *guests(seen, evidence.cloud))

    return settled(look, evidence.cloud.timers.guest_failover())
