"""Of what the cloud was made when a campaign broke it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from fournines.cloud.model import Cloud
from fournines.converge.look import HostLook
from fournines.converge.resources import File
from fournines.converge.steps import Stage


def configuration(stages: Iterable[Stage]) -> str:
    """SHA-256, in hexadecimal, of all that hosts are configured from. Of secret files only that they are there, where
    and whose: nothing can be guessed from it. A cloud that is built anew has other ids and another authority, and so
    another digest."""
    digest = hashlib.sha256()
    for stage in stages:
        for part in stage.parts:
            for resource in part.resources:
                data = resource.as_data()
                if isinstance(resource, File) and resource.secret:
                    del data["content"]
                line = json.dumps([stage.name, part.host, data], sort_keys=True)
                digest.update(line.encode() + b"\n")
    return digest.hexdigest()


def versions(looked: Mapping[str, HostLook]) -> dict[str, dict[str, str]]:
    """Host -> package -> version."""
    return {name: dict(sorted(look.versions.items())) for name, look in sorted(looked.items())}


def predicted(cloud: Cloud) -> dict[str, Any]:
    """What `nines predict --json` says of the cloud."""
    from fournines.predict.prediction import as_json, predict

    return as_json(cloud, predict(cloud))
