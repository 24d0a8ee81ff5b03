"""Certificates: good for both ends of a connection, kept, renewed in time, made anew when that is asked for."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from fournines.state import Vault


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault")


def serial(chain: str) -> int:
    return x509.load_pem_x509_certificate(chain.encode()).serial_number


def peers_accept(vault: Vault, folder: Path, authority: str | None = None) -> bool:
    """Whether two ends with the certificate `m`, each asking for the other's, come together."""
    folder.mkdir()
    (folder / "m.pem").write_text("".join(vault.certificate("m", ["127.0.0.1"])))
    (folder / "ca.pem").write_text(authority or vault.ca())
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "ca.pem"))
    server.verify_mode = ssl.CERT_REQUIRED
    client = ssl.create_default_context(cafile=str(vault.ca_file))
    for one in (server, client):
        one.load_cert_chain(folder / "m.pem")
    here, there = socket.socketpair()
    refused: list[Exception] = []

    def serve() -> None:
        try:
            with server.wrap_socket(there, server_side=True) as link:
                link.send(b"x")
        except ssl.SSLError as error:
            refused.append(error)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(here, server_hostname="127.0.0.1") as link:
            return link.recv(1) == b"x"
    except ssl.SSLError:
        return False
    finally:
        thread.join(10)


def test_members_authenticate_each_other_with_one_certificate(vault: Vault, tmp_path: Path) -> None:
    assert peers_accept(vault, tmp_path / "own")
    assert not peers_accept(vault, tmp_path / "foreign", authority=Vault(tmp_path / "another").ca())


def test_it_is_kept_until_its_addresses_change_or_its_end_is_near(vault: Vault) -> None:
    first = vault.certificate("m", ["10.0.0.1", "c1"])
    assert vault.certificate("m", ["c1", "10.0.0.1"]) == first
    assert vault.certificate("m", ["c1", "10.0.0.1"], renew_before=396) == first
    renewed = vault.certificate("m", ["c1", "10.0.0.1"], renew_before=397)
    assert serial(renewed[0]) != serial(first[0])
    assert vault.certificate("m", ["c1"]) != renewed


def test_what_is_forgotten_is_made_anew_by_the_same_authority(vault: Vault, tmp_path: Path) -> None:
    authority = vault.ca()
    old = {name: vault.certificate(name, [name]) for name in ("a", "b")}
    vault.forget_certificates(["a", "ca", "never made"])
    assert vault.certificate("b", ["b"]) == old["b"]
    chain, key = vault.certificate("a", ["a"])
    assert (serial(chain) != serial(old["a"][0]), key != old["a"][1]) == (True, True)
    assert vault.ca() == authority
    for path in (tmp_path / "vault").iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_run_killed_in_a_renewal_leaves_no_certificate_with_another_ones_key(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fournines.state import authority as module

    vault.certificate("m", ["c1"])
    written: list[Path] = []
    real = module.write_private

    def killed(path: Path, data: bytes) -> None:
        if path.suffix == ".pem":
            raise KeyboardInterrupt
        written.append(path)
        real(path, data)

    monkeypatch.setattr(module, "write_private", killed)
    with pytest.raises(KeyboardInterrupt):
        vault.certificate("m", ["c1", "c2"])
    assert [path.name for path in written] == ["m.key"]
    monkeypatch.undo()
    chain, key = vault.certificate("m", ["c1"])
    shape = Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    private = load_pem_private_key(key.encode(), password=None)
    certificate = x509.load_pem_x509_certificate(chain.encode())
    assert private.public_key().public_bytes(*shape) == certificate.public_key().public_bytes(*shape)


def test_all_are_listed_and_none_is_made_by_asking(vault: Vault, tmp_path: Path) -> None:
    assert vault.certificates() == {}
    assert not (tmp_path / "vault").exists()
    vault.certificate("b", ["b"])
    vault.certificate("a", ["a"])
    listed = vault.certificates()
    assert list(listed) == ["a", "b", "ca"]
    assert listed["ca"].not_valid_after_utc - dt.datetime.now(dt.UTC) > dt.timedelta(days=3600)
