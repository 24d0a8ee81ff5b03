from __future__ import annotations

import json
import os
import shlex
import time
from typing import Annotated

import typer

from fournines.cli.options import AcceptOption, CloudArgument, CloudOption, JsonOption, WipeOption, either


def up(
    cloud: CloudArgument = None,
    cloud_option: CloudOption = None,
    wipe: WipeOption = None,
    accept: AcceptOption = None,
    no_guest: Annotated[bool, typer.Option("--no-guest", help="Start no guest; one that is there stays.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Build the cloud and prove each of its APIs by a round trip.

    Refuses a design in which `check` finds an error that nobody accepted.
    Starts the lab's hosts where the cloud has a lab, then does what `apply` does.
    A lab ends with a guest that answers over TCP, as `demo` makes it; on real hosts none is started.
    Safe to repeat at any time, also after a run that was killed.
    """
    from fournines.cli.clouds import load_placed, wiping
    from fournines.cli.findings import refuse
    from fournines.cli.progress import watch
    from fournines.cli.standing import stand
    from fournines.state import State

    began = time.monotonic()
    given = either(cloud, cloud_option)
    resolved, places = load_placed(given)
    refuse(resolved, places, accept or ())
    resolved = wiping(resolved, wipe)
    state = State(resolved.name)
    with state.lock("up"), watch(f"up {resolved.name}") as observer:
        standing = stand(resolved, state, observer, began, guest=not no_guest)
    if as_json:
        typer.echo(json.dumps(standing.as_json()))
        return
    which = f" -c {shlex.quote(given)}" if given and given != "lab" else ""
    # The launcher says how it was called.
    nines = shlex.quote(os.environ.get("NINES_COMMAND", "nines"))
    lines = [
        f"export OS_CLIENT_CONFIG_FILE={shlex.quote(str(state.clouds_yaml))}",
        f"openstack --os-cloud {resolved.name} token issue",
        *([f"curl {standing.guest.url}"] if standing.guest else []),
        f"{nines} status{which}",
        f"{nines} drill power-loss --target vip{which}",
        f"{nines} down{which}",
    ]
    typer.echo("\n".join([standing.text(), "", "Next:", *(f"  {line}" for line in lines)]))
