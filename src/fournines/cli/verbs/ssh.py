from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from fournines.cli.options import CloudOption

# What follows the host belongs to the command, options too.
CONTEXT = {"allow_interspersed_args": False}


def ssh(
    host: Annotated[str, typer.Argument()],
    command: Annotated[list[str] | None, typer.Argument(help="One word is given to a shell, as ssh does.")] = None,
    cloud: CloudOption = None,
) -> None:
    """Log in to a host, or run one command there."""
    from fournines.cli.clouds import connect
    from fournines.cli.clouds import host as one_of
    from fournines.hosts import Remote

    _, _, fleet = connect(cloud)
    wanted = command or ["bash", "-l"]
    if len(wanted) == 1:
        wanted = ["bash", "-c", wanted[0]]
    there = one_of(fleet, host)
    if sys.stdin.isatty() and sys.stdout.isatty():
        # Hosts give every command a clean environment, in which programs would take any terminal for a dumb one.
        wanted = ["env", f"TERM={os.environ.get('TERM', 'dumb')}", *wanted]
        argv = there.terminal(wanted) if isinstance(there, Remote) else there.argv(wanted)
    else:
        argv = there.argv(wanted)
    os.execvp(argv[0], argv)  # noqa: S606 - the point: the terminal is the command's own from here on
