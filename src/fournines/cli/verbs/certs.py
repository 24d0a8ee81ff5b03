from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer

from fournines.cli.options import CloudOption, JsonOption


class Action(StrEnum):
    ROTATE = "rotate"


def certs(
    action: Annotated[
        Action | None,
        typer.Argument(help="rotate: renew all but the authority's and roll them out, without an outage."),
    ] = None,
    cloud: CloudOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the cloud's certificates, or renew them. Exit 0: all are good and shown."""
    from fournines.cli import certificates
    from fournines.cli.build import build
    from fournines.cli.clouds import connect
    from fournines.cli.progress import watch
    from fournines.converge.inspect import inspect

    resolved, state, fleet = connect(cloud)
    vault = state.vault()
    if action is Action.ROTATE:
        with state.lock("certs rotate"), watch(f"certs rotate {resolved.name}") as observer:
            # Killed after this, any later apply makes the new ones and rolls them out.
            vault.forget_certificates(certificates.names(resolved))
            build(resolved, state, fleet, observer, always_prove=True)
    found = certificates.of(resolved, vault, inspect(resolved, fleet))
    typer.echo(json.dumps(found) if as_json else certificates.text(found))
    raise typer.Exit(1 if any(one["problems"] for one in found.values()) else 0)
