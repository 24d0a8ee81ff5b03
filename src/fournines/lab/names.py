"""What a lab's things are called in the kernel, so that `down` finds all of them without any file.

Each name starts with the lab's scope, `nines.LAB`. Labs of another state folder than root's default one carry
a digest of that folder too (`nines-1a2b3c.LAB`): two folders may hold labs of one name and never meet.

    nines.LAB                  network namespace with a bridge a network; cgroup of everything in the lab
    nines.LAB.HOST             network namespace and machine name of a host
    nines.LAB/host.HOST        cgroup of a host
    n_LAB_NETWORK              this machine's own port into a network (at most 15 characters, else a digest)
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from fournines.errors import NinesError
from fournines.state import State

_DEFAULT_ROOT = Path("/var/lib/fournines")
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")
_LINK_LENGTH = 15


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def nic(network: str) -> str:
    """A host's interface on that network, and the network's bridge: the network's own name if it fits."""
    return network if len(network) <= _LINK_LENGTH else f"{network[:8]}-{_digest(network, 6)}"


@dataclass(frozen=True, slots=True)
class Names:
    """Names of one lab. Raises NinesError for a lab name that could not be told from another's things."""

    lab: str
    root: Path
    """The folder of all state."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.lab):
            raise NinesError(
                f"{self.lab!r} cannot name a lab", "use at most 32 lower-case letters, digits and inner hyphens"
            )

    @classmethod
    def of(cls, state: State) -> Names:
        return cls(state.cloud, state.folder.parent)

    @property
    def prefix(self) -> str:
        return "nines" if self.root == _DEFAULT_ROOT else f"nines-{_digest(str(self.root), 6)}"

    @property
    def scope(self) -> str:
        return f"{self.prefix}.{self.lab}"

    @property
    def fabric(self) -> str:
        """The network namespace that holds the bridges."""
        return self.scope

    def netns(self, host: str) -> str:
        return f"{self.scope}.{host}"

    def machine(self, host: str) -> str:
        name = self.netns(host)
        return name if len(name) <= 64 else f"{self.prefix}.{_digest(name, 16)}"

    def group(self, host: str) -> str:
        """Cgroup of a host, below each hierarchy's mount point."""
        return f"{self.scope}/host.{host}"

    def links_group(self, host: str) -> str:
        """Cgroup of what restores a host's links."""
        return f"{self.scope}/links.{host}"

    @property
    def bmc_group(self) -> str:
        return f"{self.scope}/bmc"

    @property
    def trial_group(self) -> str:
        """Cgroup that preflight makes and removes."""
        return f"{self.scope}.preflight"

    def owns_netns(self, name: str) -> bool:
        return name == self.scope or name.startswith(f"{self.scope}.")

    def link(self, network: str) -> str:
        """This machine's own interface on that network."""
        name = f"n_{self.lab}_{network}"
        if self.prefix == "nines" and len(name) <= _LINK_LENGTH:
            return name
        return f"n_{_digest(self.scope, 7)}_{_digest(network, 4)}"

    def owns_link(self, name: str) -> bool:
        plain = self.prefix == "nines" and name.startswith(f"n_{self.lab}_")
        return plain or name.startswith(f"n_{_digest(self.scope, 7)}_")

    def port(self, host: str, network: str) -> str:
        """The fabric's end of a host's interface."""
        name = f"{host}_{network}"
        return name if len(name) <= _LINK_LENGTH else f"p_{_digest(name, 12)}"

    def mac(self, host: str, network: str) -> str:
        """Locally administered, the same at every boot."""
        digest = _digest(f"{self.scope}/{host}/{network}", 10)
        return ":".join(["02", *(digest[i : i + 2] for i in range(0, 10, 2))])
