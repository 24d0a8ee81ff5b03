from __future__ import annotations

import typer

from fournines.cli.options import CloudArgument, CloudOption, either


def down(cloud: CloudArgument = None, cloud_option: CloudOption = None) -> None:
    """Remove a lab with all its data.

    Its image stays, for the next `up`. Works by name when the cloud's file is gone or broken.
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
        lab.down(name, state, observer)
    typer.echo(f"{name} is down.")
