from __future__ import annotations

import json
import os
import shlex
import time
from typing import TYPE_CHECKING

import typer

from fournines.cli.options import AcceptOption, CloudArgument, CloudOption, JsonOption, WipeOption, either

if TYPE_CHECKING:
    from fournines.cli.build import Built
    from fournines.cloud import Cloud
    from fournines.converge.events import Observer
    from fournines.state import State


OFF_WITHIN_S = 5.0
"""How long a lab's host takes at most from its first killed process to being off, on a busy machine too."""


def up(
    cloud: CloudArgument = None,
    cloud_option: CloudOption = None,
    wipe: WipeOption = None,
    accept: AcceptOption = None,
    as_json: JsonOption = False,
) -> None:
    """Build the cloud and prove each of its APIs by a round trip.

    Refuses a design in which `check` finds an error that nobody accepted.
    Starts the lab's hosts where the cloud has a lab, then does what `apply` does.
    Safe to repeat at any time, also after a run that was killed.
    """
    from fournines.cli.clouds import load_placed, wiping
    from fournines.cli.findings import refuse
    from fournines.cli.progress import watch
    from fournines.state import State

    began = time.monotonic()
    given = either(cloud, cloud_option)
    resolved, places = load_placed(given)
    refuse(resolved, places, accept or ())
    resolved = wiping(resolved, wipe)
    state = State(resolved.name)
    with state.lock("up"), watch(f"up {resolved.name}") as observer:
        built = _build(resolved, state, observer)
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


def _build(cloud: Cloud, state: State, observer: Observer, attempts: int = 3) -> Built:
    """Again where a host went off on the way: peers that had lost it fence it, also when it has just come back."""
    from fournines import lab
    from fournines.cli.build import build
    from fournines.converge import deploy
    from fournines.converge.events import Event
    from fournines.errors import HostError, WaitError
    from fournines.hosts.fleet import fleet

    try:
        if cloud.provider == "lab":
            lab.up(cloud, deploy.packages(cloud), deploy.masked(cloud), state, observer)
        return build(cloud, state, fleet(cloud, state), observer, always_prove=True)
    except (HostError, WaitError) as error:
        off = _went_off(state)
        if not off or attempts == 1:
            raise
        observer(Event("note", "hosts", f"{', '.join(off)} went off, fenced perhaps: on again; {error.message}"))
        return _build(cloud, state, observer, attempts - 1)


def _went_off(state: State) -> list[str]:
    """The lab's hosts that are off. One whose processes were just killed under us is so a moment later."""
    from fournines import lab

    end = time.monotonic() + OFF_WITHIN_S
    while True:
        off = [name for name, power in lab.running(state).items() if power == "off"]
        if off or time.monotonic() >= end:
            return off
        time.sleep(0.1)
