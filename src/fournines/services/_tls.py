"""Certificates of the cloud's own authority, as daemons read them."""

from __future__ import annotations

from fournines.cloud.model import Cloud


def authority_file(cloud: Cloud) -> str:
    """The authority's certificate on every host; the stage `base` puts it there."""
    return f"/usr/local/share/ca-certificates/fournines-{cloud.name}.crt"
