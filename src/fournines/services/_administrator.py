"""Steps in which the administrator asks OpenStack's APIs, by programs that begin with `onhost/openstack_api.py`.

They are asked on the host that runs the cloud's steps, of their own members there: what is entered may be what leads
clients to the VIP.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from fournines.cloud.model import Cloud
from fournines.converge.steps import Check, Command, Step
from fournines.services import _database
from fournines.services._render import on_host
from fournines.state import Vault


def url(cloud: Cloud, name: str) -> str:
    """Of an API's member on that host."""
    endpoint = cloud.endpoints[name]
    return f"http://{cloud.services['galera'].hosts[0].management}:{endpoint.port}{endpoint.path}"


def alike(awaits: str, queries: Iterable[str]) -> Command:
    """Holds when none of the queries gives a row: each gives one for whatever differs from what is wanted."""
    return _database.sql(awaits, f"SELECT count(*) FROM ({' UNION ALL '.join(queries)}) differences", "0")


def step(cloud: Cloud, vault: Vault, *, name: str, done: Check, program: str, **asked: object) -> Step:
    """`program` is under `onhost/`; `asked` is what it finds in `request`."""
    request = {"keystone": url(cloud, "keystone"), "password": vault.password("admin"), **asked}
    return Step(
        name=name,
        host=cloud.services["galera"].hosts[0].name,
        done=done,
        run=Command(
            awaits="",
            argv=("python3", "-c", on_host(program, after="openstack_api.py")),
            stdin=json.dumps(request),
            timeout=120,
            secret=True,
        ),
    )
