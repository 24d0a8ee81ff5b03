"""The certificate authority of one cloud, in the vault's folder, and what it signs.

A module of its own, for who needs no certificate (check, predict) need not wait for the library of them.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import secrets
from collections.abc import Iterable
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


def certificate(folder: Path, name: str, addresses: Iterable[str], days: int, renew_before: int) -> tuple[str, str]:
    """As `Vault.certificate`, which nobody else may call at the same time."""
    wanted = _subject_names(sorted(set(addresses)))
    issuer, _ = authority(folder)
    path, key_path = folder / f"{name}.pem", folder / f"{name}.key"
    if path.exists() and key_path.exists():
        old = x509.load_pem_x509_certificate(path.read_bytes())
        names = old.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        fresh = old.not_valid_after_utc - dt.datetime.now(dt.UTC) > renew_before * _DAY
        usage = old.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        if fresh and (names, usage) == (wanted, _USAGE) and old.issuer == issuer.subject:
            return path.read_text(), key_path.read_text()
        # Its key goes before it does: the two must never be of different makes.
        path.unlink()
    now = dt.datetime.now(dt.UTC)
    chain, private = _issued(folder, name, wanted, now - _DAY, now + days * _DAY)
    # The key first: a certificate without its key would look finished.
    write_private(key_path, private)
    write_private(path, chain)
    return chain.decode(), private.decode()


def expired(folder: Path, name: str, addresses: Iterable[str]) -> tuple[str, str]:
    """As `Vault.expired`."""
    now = dt.datetime.now(dt.UTC)
    chain, private = _issued(folder, name, _subject_names(sorted(set(addresses))), now - 30 * _DAY, now - _DAY)
    return chain.decode(), private.decode()


def _issued(
    folder: Path, name: str, addresses: x509.SubjectAlternativeName, begins: dt.datetime, ends: dt.datetime
) -> tuple[bytes, bytes]:
    """A new certificate and its new key, as PEM."""
    issuer, issuer_key = authority(folder)
    key = ec.generate_private_key(ec.SECP256R1())
    made = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(addresses, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_USAGE, critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM), private


def authority(folder: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """Its certificate and key, made when there are none."""
    path, key_path = folder / "ca.pem", folder / "ca.key"
    if path.exists():
        key = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{key_path} is not an elliptic-curve key")
        return x509.load_pem_x509_certificate(path.read_bytes()), key
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
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
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )
    write_private(path, certificate.public_bytes(serialization.Encoding.PEM))
    return certificate, key


def certificates(folder: Path) -> dict[str, x509.Certificate]:
    """As `Vault.certificates`."""
    found = {path.stem: path for path in folder.glob("*.pem")}
    return {name: x509.load_pem_x509_certificate(found[name].read_bytes()) for name in sorted(found)}
