from __future__ import annotations

import json
import os
import sys
from typing import Annotated

import typer

from fournines.cli.options import CloudArgument, CloudOption, JsonOption, WipeOption, either

DIFFERS = 8


def plan(
    cloud: CloudArgument = None,
    cloud_option: CloudOption = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help=f"Exit {DIFFERS} when there is something to do.")
    ] = False,
    wipe: WipeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what `apply` would change, and change nothing."""
    from fournines.cli.clouds import connect
    from fournines.converge import deploy
    from fournines.converge.plan import plan as plan_of

    resolved, state, fleet = connect(either(cloud, cloud_option), wipe)
    # Locked: the first look at a cloud makes its secrets, and one under way would be seen half done.
    with state.lock("plan"):
        found = plan_of(deploy.stages(resolved, state.vault()), fleet)
    if as_json:
        typer.echo(json.dumps(found.as_json()))
    else:
        colored = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        typer.echo(color_diff(str(found)) if colored else str(found), nl=False, color=colored)
    if detailed_exitcode and not found.empty:
        raise typer.Exit(DIFFERS)


def color_diff(text: str) -> str:
    """The plan's text with its diffs, which are indented by four, as terminals show diffs."""
    colors = {"+": typer.colors.GREEN, "-": typer.colors.RED, "@": typer.colors.CYAN}
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if line.startswith("    ") and line[4:5] in colors:
            lines[number] = typer.style(line, fg=colors[line[4]])
        elif not line.startswith("    "):
            lines[number] = typer.style(line, bold=True)
    return "\n".join(lines) + "\n"
