from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from fournines.cli.options import CloudOption, JsonOption


def report(
    folder: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="DIR",
            help="Folder of a campaign, or of one drill [default: the cloud's results/latest].",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="Page to write [default: report.html in that folder].", show_default=False
        ),
    ] = None,
    cloud: CloudOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what drills showed, on one page for whoever signs the SLA.

    The same folder gives the same bytes. With --json data instead, and a page only where --out says.
    Exit 0: no check failed. 1: one did.
    """
    from fournines.cli import clouds
    from fournines.errors import NinesError
    from fournines.report.document import document
    from fournines.report.page import page
    from fournines.report.read import read
    from fournines.report.statistics import statistics
    from fournines.state import state_root

    # By name, for evidence outlives the file that the cloud was built from.
    found = folder or state_root() / clouds.name(cloud) / "results" / "latest"
    told = document(read(found), statistics(found))
    target = out if out or as_json else found / "report.html"
    if target is not None:
        try:
            target.write_text(page(told), encoding="utf-8")
        except OSError as error:
            raise NinesError(f"cannot write {target}: {error.strerror or error}", "--out names another file") from None
    if as_json:
        typer.echo(json.dumps(told.as_json(), indent=1))
    else:
        typer.echo("\n".join((told.headline.title, *told.headline.sentences, f"page: {target}")))
    raise typer.Exit(int(told.violated))
