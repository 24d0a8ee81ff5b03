"""What nines keeps between runs, per cloud, under one folder.

$NINES_STATE, else /var/lib/fournines (root), else ~/.local/state/fournines
├── images/HASH/          root file systems of lab hosts, shared by labs
├── images/guest/HASH/    disks of the guest that drills boot in clouds
└── CLOUD/
    ├── lock              held by the one run that may change this cloud
    ├── journal.jsonl     what runs did, one event a line
    ├── vault/            secrets and the certificate authority, mode 0700
    ├── clouds.yaml       for OpenStack clients, mode 0600
    ├── lab/              the lab's hosts (only provider lab)
    └── results/          evidence of drills
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from fournines.errors import LockedError
from fournines.state.files import write_private
from fournines.state.vault import Vault

__all__ = ["State", "Vault", "images_folder", "state_root", "write_private"]


def state_root() -> Path:
    """The folder of all state; not created here."""
    if chosen := os.environ.get("NINES_STATE"):
        return Path(chosen).absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/fournines")
    return Path(os.environ.get("XDG_STATE_HOME", Path.home() / ".local/state")) / "fournines"


def images_folder() -> Path:
    return state_root() / "images"


@dataclass(frozen=True, slots=True)
class State:
    """The folder of one cloud."""

    cloud: str

    @property
    def folder(self) -> Path:
        folder = state_root() / self.cloud
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    @property
    def journal(self) -> Path:
        return self.folder / "journal.jsonl"

    @property
    def clouds_yaml(self) -> Path:
        return self.folder / "clouds.yaml"

    @property
    def lab(self) -> Path:
        return self.folder / "lab"

    @property
    def results(self) -> Path:
        return self.folder / "results"

    def vault(self) -> Vault:
        """Secrets and certificates of this cloud, made on first use."""
        return Vault(self.folder / "vault")

    @contextlib.contextmanager
    def lock(self, purpose: str) -> Generator[None]:
        """Hold this cloud for one changing run; the kernel frees it when the process dies, however it dies.

        Raises LockedError naming the run that holds it.
        """
        with open(self.folder / "lock", "a+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                holder = file.read().strip() or "unknown"
                raise LockedError(
                    f"another run works on the cloud {self.cloud}: {holder}", "wait for it, or end it by its pid"
                ) from None
            file.truncate(0)
            file.write(f"nines {purpose} (pid {os.getpid()})\n")
            file.flush()
            os.set_inheritable(file.fileno(), False)
            yield
