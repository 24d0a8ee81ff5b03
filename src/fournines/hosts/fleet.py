"""The hosts of a cloud, by its provider."""

from __future__ import annotations

from pathlib import Path

from fournines.cloud.model import Cloud, Host
from fournines.errors import HostError
from fournines.hosts import Fleet
from fournines.hosts.nspawn import Nspawn
from fournines.hosts.redfish import Redfish
from fournines.hosts.ssh import SshHost, SwitchedSshHost
from fournines.lab.machine import Machine
from fournines.state import State


def fleet(cloud: Cloud, state: State) -> Fleet:
    """Host name -> host, in the spec's order. Connects to nothing.

    Raises HostError for a host of the SSH provider without `ssh`, or whose BMC's password cannot be read.
    """
    if cloud.provider == "lab":
        return {host.name: Nspawn(Machine.of(state, host.name)) for host in cloud.hosts}
    return {host.name: _ssh(host, state) for host in cloud.hosts}


def _ssh(host: Host, state: State) -> SshHost:
    if host.ssh is None:
        raise HostError(host.name, "the spec does not say how to reach it", "give it ssh.address")
    folder = state.folder / "ssh"
    bmc = redfish(host, state)
    return SwitchedSshHost(host.name, host.ssh, folder, bmc) if bmc else SshHost(host.name, host.ssh, folder)


def redfish(host: Host, state: State) -> Redfish | None:
    """The operator's side of its BMC; None without one. Raises HostError when its password cannot be read."""
    if host.bmc is None:
        return None
    vault = state.vault()
    if host.bmc.password_file is None:
        password = vault.password("bmc")
    else:
        try:
            password = Path(host.bmc.password_file).expanduser().read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise HostError(host.name, f"cannot read its BMC's password: {error}", "check bmc.password_file") from None
    return Redfish(host.name, host.bmc, password, vault.ca_file)
