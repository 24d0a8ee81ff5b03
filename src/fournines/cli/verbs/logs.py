from __future__ import annotations

import os
from typing import Annotated

import typer

from fournines.cli.options import CloudOption


def logs(
    host: Annotated[str, typer.Argument()],
    service: Annotated[str | None, typer.Argument(help="Such as galera; default: all.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines arrive, until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last lines.")] = 100,
    cloud: CloudOption = None,
) -> None:
    """Print a host's journal, or one service's part of it."""
    from fournines.cli.clouds import connect
    from fournines.cli.clouds import host as one_of

    resolved, _, fleet = connect(cloud)
    there = one_of(fleet, host)
    units = _units(service, [each for each, placed in resolved.services.items() if resolved.host(host) in placed.hosts])
    command = ["journalctl", "--no-pager", f"--lines={lines}", *(["--follow"] if follow else []), *units]
    argv = there.argv(command)
    os.execvp(argv[0], argv)  # noqa: S606 - nothing is left to do here


def _units(service: str | None, known: list[str]) -> list[str]:
    from fournines.errors import NinesError
    from fournines.services import catalogue
    from fournines.spec.problems import suggest

    if service is None:
        return []
    if service not in known:
        raise NinesError(f"no such service on this host: {service}{suggest(service, known)}")
    return [f"--unit={unit}" for unit in catalogue()[service].log_units]
