from __future__ import annotations

from typing import Annotated

import typer

from fournines.cli.options import CloudOption, ProbeOption


def watch(
    cloud: CloudOption = None,
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="Where Prometheus finds /metrics.")
    ] = "127.0.0.1:9464",
    speed: Annotated[
        float, typer.Option("--speed", min=0.01, max=10, help="Requests a second, as a share of a drill's.")
    ] = 0.2,
    probe: ProbeOption = None,
    rules: Annotated[
        bool, typer.Option("--rules", help="Print Prometheus rules for the cloud's SLA instead; asks no host.")
    ] = False,
) -> None:
    """Ask the cloud for ever, as drills do, for Prometheus. Only reads, unless more is requested by --probe.

    Ends at SIGINT or SIGTERM, with exit 0. 7: the prober died.
    """
    from fournines.cli.clouds import load

    resolved = load(cloud)
    if rules:
        from fournines.watch.rules import rules as rules_of

        typer.echo(rules_of(resolved.name, resolved.sla), nl=False)
        return
    from fournines.state import State
    from fournines.watch.run import api, watch
    from fournines.watch.serve import Listen

    try:
        where = Listen.parse(listen)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--listen") from None
    at = api(resolved, State(resolved.name))
    watch(resolved, at, where, speed, lambda text: typer.echo(text, err=True), probe or ())
