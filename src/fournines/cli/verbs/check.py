from __future__ import annotations

import json
import os
import shutil
import sys

import typer

from fournines.cli.options import CloudArgument, CloudOption, JsonOption, SetOption, either


def check(
    cloud: CloudArgument = None,
    cloud_option: CloudOption = None,
    changes: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the weak points of a design before it is built.

    Reads only the cloud file. Exit 0: no error. 1: there is one that nobody accepted. 2: the cloud file is wrong.
    """
    from fournines.cli import garbage

    garbage.leave()
    from fournines.cli import findings
    from fournines.cli.clouds import load_placed
    from fournines.errors import SpecError

    try:
        resolved, places = load_placed(either(cloud, cloud_option), changes or ())
    except SpecError as error:
        if as_json:
            typer.echo(json.dumps([each.as_json() for each in findings.of_spec(error)], indent=1))
            raise typer.Exit(error.exit_code) from None
        raise
    found = findings.placed(resolved, places)
    if as_json:
        typer.echo(json.dumps([each.as_json() for each in found], indent=1))
    else:
        colored = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        width = min(shutil.get_terminal_size().columns, 120)
        typer.echo("\n".join(findings.text(resolved.name, found, width, colored=colored)), color=colored)
    raise typer.Exit(int(any(each.refuses for each in found)))
