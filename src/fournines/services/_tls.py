"""Certificates of the cloud's own authority as daemons read them: chain and key in one file, replaced at once."""

from __future__ import annotations

from fournines.cloud.model import Cloud
from fournines.converge.resources import File
from fournines.services import Certificate
from fournines.state import Vault


def authority_file(cloud: Cloud) -> str:
    """The authority's certificate on every host; the stage `base` puts it there."""
    return f"/usr/local/share/ca-certificates/fournines-{cloud.name}.crt"


def pem_file(vault: Vault, certificate: Certificate, owner: str = "root", readers: str | None = None) -> File:
    """Never a certificate with another one's key, whenever a daemon looks. `readers`: a group that may read it too."""
    chain, key = vault.certificate(certificate.name, certificate.addresses)
    mode = 0o640 if readers else 0o600
    return File(path=certificate.path, content=chain + key, owner=owner, group=readers or owner, mode=mode, secret=True)
