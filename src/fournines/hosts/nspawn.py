"""A host of a lab on this machine: commands by nsenter, power by the lab's own switch."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from fournines.hosts import PowerState
from fournines.lab.machine import Machine, Usage


@dataclass(frozen=True, slots=True)
class Nspawn:
    """A lab's host: `Host` and `Power` in one, and what it takes of this machine."""

    machine: Machine

    @property
    def name(self) -> str:
        return self.machine.name

    def argv(self, command: Sequence[str]) -> list[str]:
        """nsenter into every namespace of the host's init, counted in its cgroups, with a clean environment and
        no outer file descriptor but the three; the command dies with its caller. Raises HostError when it is off."""
        return self.machine.argv(command)

    def power(self) -> PowerState:
        return self.machine.power()

    def power_on(self) -> None:
        """Boot, and return when its init says that the boot is complete; at most 2 minutes. Raises HostError."""
        self.machine.power_on()

    def power_off(self) -> None:
        """Cut its power: silent on every network, then SIGKILL of all of it, then no address left."""
        self.machine.power_off()

    def cut_mains(self) -> None:
        """Power off, and stay off whatever a fence agent asks of its BMC, until the mains are restored."""
        self.machine.cut_mains()

    def restore_mains(self) -> None:
        """It can be switched on again; it does not do so by itself. Safe to repeat."""
        self.machine.restore_mains()

    def cut_links(self, healed_after: float, networks: Collection[str] = ()) -> None:
        """Take the fabric's end of its interfaces down; a process of the lab restores them in time."""
        self.machine.cut_links(healed_after, networks)

    def restore_links(self) -> None:
        self.machine.restore_links()

    def usage(self) -> Usage:
        return self.machine.usage()
