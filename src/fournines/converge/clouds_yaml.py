"""`clouds.yaml`, with which any OpenStack client finds the cloud and logs in as its administrator."""

from __future__ import annotations

import json
from pathlib import Path

from fournines.cloud.model import Cloud
from fournines.state import State, Vault, write_private


def render(cloud: Cloud, vault: Vault) -> str:
    """The file's text. It holds the administrator's password."""
    auth = {
        "auth_url": cloud.url("keystone"),
        "username": "admin",
        "password": vault.password("admin"),
        "project_name": "admin",
        "user_domain_name": "Default",
        "project_domain_name": "Default",
    }
    settings: dict[str, object] = {
        "region_name": cloud.region,
        "interface": "public",
        "identity_api_version": 3,
        "cacert": str(vault.ca_file),
    }
    # A JSON scalar is a YAML scalar, whatever characters it has.
    lines = ["clouds:", f"  {json.dumps(cloud.name)}:", "    auth:"]
    lines += [f"      {key}: {json.dumps(value)}" for key, value in auth.items()]
    lines += [f"    {key}: {json.dumps(value)}" for key, value in settings.items()]
    return "\n".join(lines) + "\n"


def write(cloud: Cloud, state: State) -> Path:
    """Writes the state's `clouds.yaml`, mode 0600, where it differs; its path."""
    text = render(cloud, state.vault())
    path = state.clouds_yaml
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_private(path, text)
    return path
