"""Secrets of one cloud and its own certificate authority, made once and kept with mode 0600.

    vault/secrets.json          name -> text
    vault/numbers.json          kind -> name -> number, such as those of OSDs
    vault/ca.pem, ca.key        ten years, path length 0
    vault/NAME.pem, NAME.key    one certificate a name, for servers and for clients alike, renewed before it expires

Nothing here is ever printed. A secret reaches a host only inside a file of its own or by standard input.
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from fournines.state.files import write_private

if TYPE_CHECKING:
    from cryptography import x509


class Vault:
    """Secrets and certificates in one folder; threads may share it.

    The caller holds the cloud's lock while anything new may be made."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._secrets: dict[str, str] | None = None
        self._making = threading.RLock()

    def password(self, name: str) -> str:
        """A random password of 43 URL-safe characters, the same at every call with this name."""
        return self._secret(name, lambda: secrets.token_urlsafe(32))

    def has(self, name: str) -> bool:
        """Whether that password was ever asked for. Makes none."""
        with self._making:
            path = self._folder / "secrets.json"
            return path.exists() and name in json.loads(path.read_text())

    def key(self, name: str, size: int = 32) -> bytes:
        """`size` random bytes, the same at every call with this name."""
        return base64.b64decode(self._secret(name, lambda: base64.b64encode(secrets.token_bytes(size)).decode()))

    def number(self, kind: str, name: str) -> int:
        """A number from 0 that no other name of this kind has or ever had, the same at every call."""
        with self._making:
            path = self._folder / "numbers.json"
            given: dict[str, dict[str, int]] = json.loads(path.read_text()) if path.exists() else {}
            numbers = given.setdefault(kind, {})
            if name not in numbers:
                numbers[name] = max(numbers.values(), default=-1) + 1
                self._open_folder()
                write_private(path, json.dumps(given, indent=1).encode())
            return numbers[name]

    def ca(self) -> str:
        """The authority's certificate as PEM."""
        from fournines.state import authority

        with self._making:
            authority.authority(self._folder)
            return (self._folder / "ca.pem").read_text()

    @property
    def ca_file(self) -> Path:
        """Where the authority's certificate lies, for clients on this machine."""
        self.ca()
        return self._folder / "ca.pem"

    def certificate(
        self, name: str, addresses: Iterable[str], days: int = 397, renew_before: int = 30
    ) -> tuple[str, str]:
        """A certificate for these DNS names and addresses: (chain, private key), both PEM.

        It is good for a server and, where peers authenticate each other, for a client. Kept and given again until
        `renew_before` days before its end, or until its addresses or the authority change.
        """
        from fournines.state import authority

        with self._making:
            return authority.certificate(self._folder, name, addresses, days, renew_before)

    def expired(self, name: str, addresses: Iterable[str]) -> tuple[str, str]:
        """One as `certificate` gives, kept nowhere, whose time was over yesterday."""
        from fournines.state import authority

        with self._making:
            return authority.expired(self._folder, name, addresses)

    def certificates(self) -> dict[str, x509.Certificate]:
        """Every certificate that was made, by name, sorted; the authority's own is `ca`. Makes none."""
        from fournines.state import authority

        return authority.certificates(self._folder)

    def forget_certificates(self, names: Iterable[str]) -> None:
        """Have these made anew, with new keys, when they are next asked for. Hosts go on with what they have."""
        with self._making:
            for name in set(names) - {"ca"}:
                (self._folder / f"{name}.pem").unlink(missing_ok=True)

    def _secret(self, name: str, make: Callable[[], str]) -> str:
        with self._making:
            return self._kept(name, make)

    def _kept(self, name: str, make: Callable[[], str]) -> str:
        path = self._folder / "secrets.json"
        if self._secrets is None:
            self._secrets = dict(json.loads(path.read_text())) if path.exists() else {}
        if name not in self._secrets:
            self._open_folder()
            self._secrets[name] = make()
            write_private(path, json.dumps(self._secrets, indent=1, sort_keys=True).encode())
        return self._secrets[name]

    def _open_folder(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
