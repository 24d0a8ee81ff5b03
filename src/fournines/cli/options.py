"""Arguments that several verbs take."""

from __future__ import annotations

from typing import Annotated

import typer

CloudArgument = Annotated[
    str | None, typer.Argument(metavar="[CLOUD]", help="Cloud file, or name such as lab [default: $NINES_CLOUD or lab]")
]
CloudOption = Annotated[
    str | None, typer.Option("--cloud", "-c", help="Cloud file, or name such as lab [default: $NINES_CLOUD or lab]")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output, nothing else.")]


def chosen(argument: str | None, option: str | None) -> str:
    """The cloud that the command line or the environment names: a path or a name."""
    import os

    if argument and option and argument != option:
        raise typer.BadParameter(f"two clouds: {argument} and --cloud {option}")
    return argument or option or os.environ.get("NINES_CLOUD") or "lab"
