from __future__ import annotations

import json
import random
import re
import sys
from typing import Annotated

import typer

from fournines.cli.options import CloudOption, ConnectionsOption, JsonOption, ProbeOption

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def duration(text: str) -> float:
    """Seconds, of `90s`, `30m`, `8h` or `2d`. Raises BadParameter."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text.strip())
    if not found or not float(found[1]):
        raise typer.BadParameter(f"{text!r} is no time: as in 90s, 30m, 8h, 2d")
    return float(found[1]) * _UNITS[found[2]]


def prove(
    time: Annotated[
        float | None,
        typer.Option("--for", metavar="TIME", parser=duration, help="Go on for so long, as in 90s, 30m, 8h, 2d."),
    ] = None,
    drills: Annotated[int | None, typer.Option("--drills", "-n", min=1, help="Make so many drills.")] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="Of what is chosen: the same drills again [default: any].")
    ] = None,
    faults: Annotated[
        str | None,
        typer.Option("--faults", metavar="A,B,C", help="Only these [default: all that the cloud can suffer]."),
    ] = None,
    double: Annotated[
        bool, typer.Option("--double", help="Some drills have a second fault while the first holds.")
    ] = False,
    connections: ConnectionsOption = None,
    probe: ProbeOption = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the newest campaign that has not ended.")
    ] = False,
    cloud: CloudOption = None,
    as_json: JsonOption = False,
) -> None:
    """Break the cloud again and again, and keep the evidence.

    Fault, target, moment, load and order are drawn from the seed; the cloud is healthy again before each drill. Stops
    on the first violation and leaves the scene as it is. Ctrl-C heals, and --resume goes on.

    Exit 0: all that counts is ok. 1: a violation, an audit that could not look, or stopped early. 7: nothing counts.
    """
    from fournines.campaign import text
    from fournines.campaign.outcome import Outcome
    from fournines.campaign.prepare import Site
    from fournines.campaign.run import Asked
    from fournines.campaign.tally import tallies
    from fournines.cli.clouds import connect
    from fournines.cli.ticker import ticker
    from fournines.cloud import find_cloud

    if resume and (time or drills or seed is not None or faults or double or connections or probe):
        raise typer.BadParameter("what was asked at the start holds: give it alone", param_hint="--resume")
    if not resume and not (time or drills):
        raise typer.BadParameter("how long? --for 8h, or --drills 300", param_hint="--for")
    resolved, state, fleet = connect(cloud)
    out = sys.stderr if as_json else sys.stdout

    with ticker(sys.stderr) as (observer, told):
        site = Site(resolved, fleet, state, observer)
        if resume:
            folder = site.resume()
        else:
            spec = find_cloud(cloud).read_text(encoding="utf-8")
            chosen = [name.strip() for name in faults.split(",") if name.strip()] if faults else None
            seed = random.randrange(2**31) if seed is None else seed  # noqa: S311 - to be told, and given again
            asked = Asked(drills, time)
            folder = site.begin(spec, asked, seed, chosen, double, connections or "fresh", probe or ())
        about = folder.about
        what = f"seed {about['seed']}, {resolved.fidelity}, {folder.connections} connections"
        told(f"campaign {folder.path.name} of {resolved.name}, {what}", out)
        told(text.heading(), out)

        def tell(outcome: Outcome) -> None:
            told(text.line(outcome), out)

        try:
            ending = site.campaign(folder, tell)()
        except KeyboardInterrupt:
            told("healed; nines prove --resume goes on", sys.stderr)
            raise
    outcomes = list(folder.outcomes)
    if as_json:
        said = {
            "campaign": str(folder.path),
            "cloud": resolved.name,
            "fidelity": about["fidelity"],
            "connections": folder.connections,
            "seed": about["seed"],
            "ended": ending.how != "stopped",
            "why": ending.why,
            "not_possible": about["not_possible"],
            "kinds": [each.as_json() for each in tallies(outcomes)],
            "drills": [each.as_json() for each in outcomes],
        }
        typer.echo(json.dumps(said))
    else:
        typer.echo("\n" + text.summary(outcomes, about, ending, str(folder.path)))
    raise typer.Exit(ending.exit_code(outcomes))
