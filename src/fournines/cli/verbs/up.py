from __future__ import annotations

import json
import os
import shlex
import time

import typer

from fournines.cli.options import CloudArgument, CloudOption, JsonOption, either


def up(cloud: CloudArgument = None, cloud_option: CloudOption = None, as_json: JsonOption = False) -> None:
    """Build the cloud and prove each of its APIs by a round trip.

    Starts the lab's hosts where the cloud has a lab, then does what `apply` does.
    Safe to repeat at any time, also after a run that was killed.
    """
    from fournines.cli.build import build
    from fournines.cli.clouds import load
    from fournines.cli.progress import watch
    from fournines.converge import deploy
    from fournines.hosts.fleet import fleet
    from fournines.state import State

    began = time.monotonic()
    given = either(cloud, cloud_option)
    resolved = load(given)
    state = State(resolved.name)
    with state.lock("up"), watch(f"up {resolved.name}") as observer:
        if resolved.provider == "lab":
            from fournines import lab

            lab.up(resolved, deploy.packages(resolved), deploy.masked(resolved), state, observer)
        built = build(resolved, state, fleet(resolved, state), observer, always_prove=True)
    seconds = time.monotonic() - began
    if as_json:
        typer.echo(json.dumps(built.as_json() | {"seconds": round(seconds, 3)}))
        return
    typer.echo(built.text())
    verified = [each for each in built.verified or () if each.ok]
    typer.echo(
        f"{resolved.name} is up after {seconds:.1f} s: {len(resolved.hosts)} hosts, "
        f"{len(resolved.services)} services, {len(verified)} APIs verified."
    )
    which = f" -c {shlex.quote(given)}" if given and given != "lab" else ""
    # The launcher says how it was called.
    nines = shlex.quote(os.environ.get("NINES_COMMAND", "nines"))
    typer.echo(
        "\nNext:\n"
        f"  export OS_CLIENT_CONFIG_FILE={shlex.quote(str(state.clouds_yaml))}\n"
        f"  openstack --os-cloud {resolved.name} token issue\n"
        f"  {nines} status{which}\n"
        f"  {nines} drill power-loss --target vip{which}\n"
        f"  {nines} down{which}"
    )
