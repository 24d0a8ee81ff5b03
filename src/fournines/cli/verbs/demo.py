from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from fournines.cli.options import CloudArgument, CloudOption, JsonOption, either


def demo(
    cloud: CloudArgument = None,
    cloud_option: CloudOption = None,
    delete: Annotated[bool, typer.Option("--delete", help="Remove all of it.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Start a guest and wait until it answers.

    It has a volume, a network behind a router, and a floating IP; an image, a security group, a key and a bucket are
    made too. Safe to repeat.
    """
    from fournines.cli.clouds import load
    from fournines.cli.progress import watch
    from fournines.demo.build import build
    from fournines.demo.remove import remove
    from fournines.state import State

    resolved = load(either(cloud, cloud_option))
    state = State(resolved.name)
    with state.lock("demo"), watch(f"demo {resolved.name}") as observer:
        if delete:
            remove(resolved, state, observer)
            return
        found = build(resolved, state, observer)
    if as_json:
        typer.echo(json.dumps(asdict(found) | {"cloud": resolved.name, "url": found.url}))
        return
    typer.echo(
        f"{found.status.hostname} on {found.host} answered after {found.seconds:.1f} s.\n"
        f"  curl {found.url}\n"
        f"  openstack --os-cloud {resolved.name} console log show nines-demo"
    )
