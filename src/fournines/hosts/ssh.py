"""A host over SSH, as in production: commands through one kept connection, power through its BMC if it has one."""

from __future__ import annotations

import hashlib
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fournines.cloud.model import Ssh as Access
from fournines.hosts import PowerState, run
from fournines.hosts.redfish import Redfish

# All but our own way in, so that it can be healed at once; what is bridged for guests passes. The timer comes first.
_CUT = """
systemctl stop fournines-links.timer 2> /dev/null || true
systemd-run --quiet --collect --unit=fournines-links --on-active="$1" nft delete table inet fournines_links
nft -f - <<EOF
add table inet fournines_links
flush table inet fournines_links
table inet fournines_links {
    chain in { type filter hook input priority -400; policy drop; iif lo accept; tcp dport $2 accept; }
    chain out { type filter hook output priority -400; policy drop; oif lo accept; tcp sport $2 accept; }
    chain through { type filter hook forward priority -400; policy drop; }
}
EOF
"""
_RESTORE = """
! command -v nft > /dev/null || ! nft list table inet fournines_links > /dev/null 2>&1 ||
    nft delete table inet fournines_links
systemctl stop fournines-links.timer 2> /dev/null || true
"""
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_CLEAN = ("env", "-i", f"PATH={_PATH}", "HOME=/root", "LANG=C.UTF-8")
# A socket address holds 108 bytes; ssh makes it under a name 17 longer first.
_SOCKET_LENGTH = 108 - 17 - 1


def _option(path: Path | str) -> str:
    """A path as the value of an ssh option: ssh splits at blanks and expands %."""
    text = str(path).replace("%", "%%")
    return f'"{text}"' if " " in text else text


@dataclass(frozen=True, slots=True)
class SshHost:
    """A host that this machine logs in to."""

    name: str
    access: Access
    folder: Path
    """Private, of the cloud's state: known_hosts and control sockets."""

    @property
    def _socket(self) -> Path | None:
        target = f"{self.access.user}@{self.access.address}:{self.access.port}:{self.access.key}"
        path = self.folder / hashlib.sha256(target.encode()).hexdigest()[:12]
        return path if len(str(path)) <= _SOCKET_LENGTH else None

    def _options(self) -> list[str]:
        options = {
            "BatchMode": "yes",
            "ConnectTimeout": "5",
            "ServerAliveInterval": "3",
            "ServerAliveCountMax": "3",
            "StrictHostKeyChecking": "accept-new",
            "UserKnownHostsFile": _option(self.folder / "known_hosts"),
            "GlobalKnownHostsFile": "/dev/null",
            "LogLevel": "ERROR",
        }
        if self.access.key:
            options |= {"IdentityFile": _option(self.access.key), "IdentitiesOnly": "yes"}
        if socket := self._socket:
            options |= {"ControlMaster": "auto", "ControlPersist": "60", "ControlPath": _option(socket)}
        return [part for key, value in options.items() for part in ("-o", f"{key}={value}")]

    def argv(self, command: Sequence[str]) -> list[str]:
        """The ssh that runs `command` as root with a clean environment: directly, else through `sudo -n`."""
        return self._argv("-T", command)

    def terminal(self, command: Sequence[str]) -> list[str]:
        """The same with a terminal there."""
        return self._argv("-t", command)

    def _argv(self, terminal: str, command: Sequence[str]) -> list[str]:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        become = () if self.access.user == "root" else ("sudo", "-n", "--")
        remote = shlex.join([*become, *_CLEAN, *command])
        return ["ssh", terminal, *self._options(), *self._target(), "--", remote]

    def _target(self) -> list[str]:
        return ["-p", str(self.access.port), "-l", self.access.user, self.access.address]

    def cut_links(self, healed_after: float) -> None:
        """Drop all that it sends and hears, but for SSH; a timer of its own undoes that after so many seconds."""
        run(self, ["sh", "-ec", _CUT, "nines", f"{healed_after:g}", str(self.access.port)])

    def restore_links(self) -> None:
        """Safe to repeat."""
        run(self, ["sh", "-ec", _RESTORE])

    def disconnect(self) -> None:
        """Close the kept connection, if there is one."""
        if (socket := self._socket) and socket.exists():
            subprocess.run(
                ["ssh", *self._options(), "-O", "exit", *self._target()],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=10,
                check=False,
            )


@dataclass(frozen=True, slots=True)
class SwitchedSshHost(SshHost):
    """A host with a BMC: its power can be switched too. Raises HostError when the BMC does not do it."""

    bmc: Redfish

    def power(self) -> PowerState:
        return self.bmc.power()

    def power_on(self) -> None:
        """Switch on, and return when the BMC says that it is; the boot takes longer."""
        self.bmc.power_on()

    def power_off(self) -> None:
        """Cut the power, and return when the BMC says that it is off."""
        self.bmc.power_off()
        # A kept connection to a dead host would take the next command down with it.
        self.disconnect()
