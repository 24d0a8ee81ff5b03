from __future__ import annotations

import json

import typer

from fournines.cli.options import CloudArgument, CloudOption, JsonOption, WipeOption, either


def apply(
    cloud: CloudArgument = None,
    cloud_option: CloudOption = None,
    wipe: WipeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the hosts as the cloud's file says."""
    from fournines.cli.build import build
    from fournines.cli.clouds import connect
    from fournines.cli.progress import watch

    resolved, state, fleet = connect(either(cloud, cloud_option), wipe)
    with state.lock("apply"), watch(f"apply {resolved.name}") as observer:
        built = build(resolved, state, fleet, observer, always_prove=False)
    typer.echo(json.dumps(built.as_json()) if as_json else built.text())
