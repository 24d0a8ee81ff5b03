"""Arguments that several verbs take."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

_HELP = "Cloud file, or name of one in clouds/ [default: $NINES_CLOUD or lab]"

CloudArgument = Annotated[str | None, typer.Argument(help=_HELP, show_default=False)]
CloudOption = Annotated[str | None, typer.Option("--cloud", "-c", metavar="CLOUD", help=_HELP)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document; progress goes to standard error.")]

ConnectionsOption = Annotated[
    Literal["fresh", "kept"] | None,
    typer.Option(
        "--connections",
        help="Clients of the APIs connect for each request, or keep connections open [default: fresh].",
    ),
]


def either(argument: str | None, option: str | None) -> str | None:
    """Verbs about a whole cloud take it as an argument or as the option that all verbs have."""
    if argument and option and argument != option:
        raise typer.BadParameter(f"two clouds: {argument} and {option}", param_hint="--cloud")
    return argument or option


WipeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--wipe",
        metavar="SERIAL",
        help="Whatever the disk with this serial number holds may be lost (in a lab HOST-DISK). Repeat for more.",
    ),
]

SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="What if: put this value into the cloud file, as in hosts.c3.rack=r2; an empty one takes the key out.",
    ),
]

ProbeOption = Annotated[
    list[str] | None,
    typer.Option("--probe", metavar="NAME", help="A probe that is made on request alone, such as create-to-answer."),
]

AcceptOption = Annotated[
    list[str] | None,
    typer.Option("--accept", metavar="CODE", help="Build although check finds this; repeat for more."),
]
