from __future__ import annotations

import json

import typer

from fournines.cli.options import CloudArgument, CloudOption, JsonOption, either


def status(cloud: CloudArgument = None, cloud_option: CloudOption = None, as_json: JsonOption = False) -> None:
    """Say how the cloud is, from real round trips. Exit 0: all is well."""
    from fournines.cli import condition
    from fournines.cli.clouds import connect
    from fournines.converge.inspect import inspect

    resolved, state, fleet = connect(either(cloud, cloud_option))
    found = condition.of(resolved, state, fleet, inspect(resolved, fleet))
    if as_json:
        typer.echo(json.dumps(found))
    else:
        condition.show(found)
    raise typer.Exit(0 if found["ok"] else 1)
