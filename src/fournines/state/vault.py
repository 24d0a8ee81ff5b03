"""Secrets of one cloud and its own certificate authority, made once and kept with mode 0600.

    vault/secrets.json          name -> text
    vault/numbers.json          kind -> name -> number, such as those of OSDs
    vault/ca.pem, ca.key        ten years, path length 0
    vault/NAME.pem, NAME.key    one certificate a name, for servers and for clients alike, renewed before it expires

Nothing here is ever printed. A secret reaches a host only inside a file of its own or by standard input.
"""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import json
import secrets
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from fournines.state.files import write_private

_DAY = dt.timedelta(days=1)
_USAGE = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _subject_names(addresses: Iterable[str]) -> x509.SubjectAlternativeName:
    names: list[x509.GeneralName] = []
    for address in addresses:
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(address)))
        except ValueError:
            names.append(x509.DNSName(address))
    return x509.SubjectAlternativeName(names)


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
        with self._making:
            certificate, _ = self._authority()
        return certificate.public_bytes(serialization.Encoding.PEM).decode()

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
        with self._making:
            return self._certificate(name, _subject_names(sorted(set(addresses))), days, renew_before)

    def certificates(self) -> dict[str, x509.Certificate]:
        """Every certificate that was made, by name, sorted; the authority's own is `ca`. Makes none."""
        found = {path.stem: path for path in self._folder.glob("*.pem")}
        return {name: x509.load_pem_x509_certificate(found[name].read_bytes()) for name in sorted(found)}

    def forget_certificates(self, names: Iterable[str]) -> None:
        """Have these made anew, with new keys, when they are next asked for. Hosts go on with what they have."""
        with self._making:
            for name in set(names) - {"ca"}:
                (self._folder / f"{name}.pem").unlink(missing_ok=True)

    def _certificate(
        self, name: str, wanted: x509.SubjectAlternativeName, days: int, renew_before: int
    ) -> tuple[str, str]:
        authority, authority_key = self._authority()
        path, key_path = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        if path.exists() and key_path.exists():
            old = x509.load_pem_x509_certificate(path.read_bytes())
            names = old.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            fresh = old.not_valid_after_utc - dt.datetime.now(dt.UTC) > renew_before * _DAY
            usage = old.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
            if fresh and (names, usage) == (wanted, _USAGE) and old.issuer == authority.subject:
                return path.read_text(), key_path.read_text()
            # Its key goes before it does: the two must never be of different makes.
            path.unlink()
        key = ec.generate_private_key(ec.SECP256R1())
        now = dt.datetime.now(dt.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(authority.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _DAY)
            .not_valid_after(now + days * _DAY)
            .add_extension(wanted, critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_USAGE, critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
            )
            .sign(authority_key, hashes.SHA256())
        )
        chain = certificate.public_bytes(serialization.Encoding.PEM)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        # The key first: a certificate without its key would look finished.
        write_private(key_path, private)
        write_private(path, chain)
        return chain.decode(), private.decode()

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

    def _authority(self) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        path, key_path = self._folder / "ca.pem", self._folder / "ca.key"
        if path.exists():
            key = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
            if not isinstance(key, ec.EllipticCurvePrivateKey):
                raise TypeError(f"{key_path} is not an elliptic-curve key")
            return x509.load_pem_x509_certificate(path.read_bytes()), key
        self._open_folder()
        key = ec.generate_private_key(ec.SECP256R1())
        now = dt.datetime.now(dt.UTC)
        subject = _name(f"fournines CA {secrets.token_hex(4)}")
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _DAY)
            .not_valid_after(now + 3650 * _DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(
                x509.KeyUsage(
                    digital_signature=True,
                    key_cert_sign=True,
                    crl_sign=True,
                    content_commitment=False,
                    key_encipherment=False,
                    data_encipherment=False,
                    key_agreement=False,
                    encipher_only=False,
                    decipher_only=False,
                ),
                critical=True,
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        write_private(
            key_path,
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        )
        write_private(path, certificate.public_bytes(serialization.Encoding.PEM))
        return certificate, key
