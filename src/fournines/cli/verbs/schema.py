from __future__ import annotations

import json

import typer


def schema() -> None:
    """Print the JSON Schema of cloud files, for editors."""
    from fournines.cloud import json_schema_of
    from fournines.services import catalogue

    typer.echo(json.dumps(json_schema_of(catalogue()), indent=2))
