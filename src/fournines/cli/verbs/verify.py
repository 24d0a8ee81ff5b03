from __future__ import annotations

import json
import textwrap
from typing import Annotated

import typer

from fournines.cli.options import CloudArgument, CloudOption, JsonOption, either


def verify(
    cloud: CloudArgument = None,
    cloud_option: CloudOption = None,
    as_json: JsonOption = False,
    seconds: Annotated[float, typer.Option("--within", metavar="SECONDS", min=1, help="Try again until then.")] = 60,
) -> None:
    """Make a real round trip through each API: create, read, delete.

    Exit 0: all went well. 1: one did not, and which.
    """
    from fournines.cli.clouds import load
    from fournines.cli.progress import watch
    from fournines.state import State
    from fournines.verify.run import Verified, verify

    def mark(each: Verified) -> str:
        return {True: "ok", False: "FAILED", None: "?"}[each.ok]

    resolved = load(either(cloud, cloud_option))
    state = State(resolved.name)
    with state.lock("verify"), watch(f"verify {resolved.name}") as observer:
        found = verify(resolved, state.vault(), observer, seconds)
    ok = all(each.ok is not False for each in found)
    if as_json:
        typer.echo(json.dumps({"cloud": resolved.name, "ok": ok, "verified": [each.as_json() for each in found]}))
    else:
        for each in found:
            took = "" if each.seconds is None else f"{each.seconds:.1f} s"
            head = f"{each.service:<10} {mark(each):<6} {took:>6}  "
            typer.echo(textwrap.fill(head + each.detail, 80, subsequent_indent=" " * len(head)))
    raise typer.Exit(0 if ok else 1)
