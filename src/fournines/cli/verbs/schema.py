from __future__ import annotations

import json

import typer


def schema() -> None:
    """Print the JSON Schema of cloud files, for editors to check and complete with."""
    from fournines.services import catalogue
    from fournines.spec import json_schema

    typer.echo(json.dumps(json_schema(), indent=2))
