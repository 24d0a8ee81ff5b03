from __future__ import annotations

import shutil
from textwrap import wrap
from typing import Annotated

import typer


def explain(
    code: Annotated[str | None, typer.Argument(help="Of a finding, such as SPOF-HOST; without: all there are.")] = None,
) -> None:
    """Say what a finding of `check` means and what to do."""
    from fournines import checks

    width = min(shutil.get_terminal_size().columns, 100)
    if code is None:
        for found in checks.codes().values():
            typer.echo(f"{found.code:<24} {found.severity:<8} {found.title}")
        return
    found = checks.explain(code)
    typer.echo(f"{found.code} ({found.severity}): {found.title}\n")
    for paragraph in (found.why, f"What to do: {found.fix}"):
        typer.echo("\n".join(wrap(paragraph, width)) + "\n")
    if not found.builds:
        typer.echo("Such a cloud is checked and predicted, not built. To be told no more:\n")
    elif found.severity == "error":
        typer.echo(f"To build it all the same: nines up --accept {found.code}\nor in the cloud file\n")
    else:
        typer.echo("It keeps nobody from building. To be told no more, in the cloud file\n")
    typer.echo(f"accept:\n  {found.code}: why you may")
