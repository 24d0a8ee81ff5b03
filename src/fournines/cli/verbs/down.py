from __future__ import annotations

from typing import Annotated

import typer

from fournines.cli.options import CloudArgument, CloudOption, either


def down(
    cloud: CloudArgument = None,
    cloud_option: CloudOption = None,
    keep_data: Annotated[bool, typer.Option("--keep-data", help="Keep what the hosts wrote; `up` goes on.")] = False,
) -> None:
    """Remove a lab with all its data.

    The image stays, and so do its secrets. Works by name when the cloud's file is gone or broken.
    """
    from fournines import lab
    from fournines.cli import clouds
    from fournines.cli.progress import watch
    from fournines.state import State

    given = either(cloud, cloud_option)
    name = clouds.name(given)
    clouds.refuse_unless_lab(given)
    state = State(name)
    with state.lock("down"), watch(f"down {name}") as observer:
        there = lab.exists(state)
        lab.down(name, state, observer, keep_data)
    typer.echo(f"{name} is down." if there else f"There was no lab {name}.")
