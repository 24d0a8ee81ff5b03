from __future__ import annotations

import json
import shutil
import sys
from typing import Annotated

import typer

from fournines.cli.options import CloudOption, ConnectionsOption, JsonOption, ProbeOption


def drill(
    fault: Annotated[str, typer.Argument(help="Such as power-loss or osd-kill; null injures nothing.")],
    target: Annotated[
        str | None,
        typer.Option(
            "--target", "-t", help="vip, writer, a host, or as in storage:2, rabbitmq:minority; some faults have one."
        ),
    ] = None,
    also: Annotated[
        str | None, typer.Option("--also", metavar="FAULT", help="A second fault, which strikes while the first holds.")
    ] = None,
    also_target: Annotated[
        str | None,
        typer.Option(
            "--also-target", metavar="TEXT", help="Of that one [default: its own, if it has one, else the same]."
        ),
    ] = None,
    connections: ConnectionsOption = None,
    probe: ProbeOption = None,
    cloud: CloudOption = None,
    as_json: JsonOption = False,
) -> None:
    """Break the cloud under load, heal it, say what clients saw.

    Exit 0: every audit is ok. 1: one is not. 7: the measurement is void.
    """
    from fournines import faults
    from fournines.cli.clouds import connect
    from fournines.cli.progress import watch
    from fournines.maintain import in_maintenance
    from fournines.prove.drill import drill as run
    from fournines.prove.targets import NOWHERE

    injury = faults.named(fault)
    target = target or injury.target
    if not target and (injury.injures or injury.service):
        raise typer.BadParameter(f"{fault} strikes a host: name it, vip or writer", param_hint="--target")
    if also:
        other = faults.named(also)
        target = faults.AND.join((target, also_target or other.target or target))
        fault = faults.AND.join((fault, also))
        injury = faults.named(fault)
    elif also_target:
        raise typer.BadParameter("of which fault? name it by --also", param_hint="--also-target")
    resolved, state, fleet = connect(cloud)
    with watch(f"drill {fault} on {resolved.name}") as observer:
        report = run(
            *(resolved, fleet, state, injury, target or NOWHERE, observer),
            aside=lambda views: in_maintenance(resolved, views),
            connections=connections or "fresh",
            requested=probe or (),
        )
    if as_json:
        typer.echo(json.dumps(report.as_json()))
    else:
        typer.echo(report.text(min(shutil.get_terminal_size().columns, 120), sys.stdout.isatty()), nl=False)
    raise typer.Exit(report.exit_code)
