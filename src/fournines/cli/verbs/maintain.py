from __future__ import annotations

import json
from typing import Annotated

import typer

from fournines.cli.options import CloudOption, JsonOption


def maintain(
    host: Annotated[
        str | None, typer.Argument(help="Without one: which hosts are in maintenance.", show_default=False)
    ] = None,
    done: Annotated[bool, typer.Option("--done", help="Take the host back.")] = False,
    cloud: CloudOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a host out of service, or take it back.

    Guests are live-migrated away, routers and the VIP move, Ceph keeps its data in place.
    No request fails, but for a moment of each guest and router that moves.
    Safe to repeat, also after a run that was killed. Exit 1: refused, and nothing was changed, or see what it says.
    """
    from fournines import maintain as duties
    from fournines.cli.clouds import connect
    from fournines.cli.clouds import host as one_of
    from fournines.cli.progress import watch
    from fournines.maintain.run import enter, leave
    from fournines.maintain.site import Site

    if host is None and done:
        raise typer.BadParameter("of which host?", param_hint="HOST")
    resolved, state, fleet = connect(cloud)
    if host is None:
        from fournines.converge.inspect import inspect

        views = inspect(resolved, fleet)
        found, blind = duties.in_maintenance(resolved, views), duties.unknown(resolved, views)
        if as_json:
            typer.echo(json.dumps({"cloud": resolved.name, "maintenance": found, "unknown": blind}))
        else:
            silent = [f"nobody says of which host, or none: {', '.join(blind)}"] if blind else []
            typer.echo("\n".join([*duties.lines(found), *silent]) or f"{resolved.name}: no host is in maintenance")
        raise typer.Exit(1 if blind else 0)
    name = one_of(fleet, host).name
    with state.lock(f"maintain {name}"), watch(f"maintain {name}") as observer:
        site = Site(resolved, fleet, state.vault(), observer)
        did = (leave if done else enter)(site, name)
    if as_json:
        told = {"cloud": resolved.name, "host": name, "in_maintenance": not done, "duties": did.duties}
        typer.echo(json.dumps(told | {"left": did.left, "seconds": round(did.seconds, 3)}))
    elif done and not did.duties:
        typer.echo(f"{name} is not in maintenance: nothing to do")
    else:
        what = ", ".join(did.duties)
        typer.echo(f"{name} is {'back' if done else 'in maintenance'} after {did.seconds:.1f} s: {what}")
        typer.echo("".join(f"  {line}\n" for line in did.left), nl=False)
        if not done:
            typer.echo(f"When you are done: nines maintain {name} --done")
