"""From a cloud's file or name, as given on the command line, to what verbs work with."""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path

from fournines.cloud.model import Cloud
from fournines.errors import SpecError

CHECKOUT = Path(__file__).resolve().parents[3]


def folders() -> tuple[Path, ...]:
    """Where clouds are looked for by name."""
    return Path("clouds"), CHECKOUT / "clouds"


def find(given: str) -> Path:
    """The cloud file for a path or a name. Raises SpecError when there is none, suggesting the near name."""
    if os.sep in given or given.endswith((".yaml", ".yml")):
        return Path(given)
    for folder in folders():
        path = folder / f"{given}.yaml"
        if path.is_file():
            return path
    known = sorted({path.stem for folder in folders() for path in folder.glob("*.yaml")})
    near = difflib.get_close_matches(given, known, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise SpecError(
        f"there is no cloud {given!r}{hint}",
        f"give the path of a cloud file, or one of: {', '.join(known) or '(clouds/ has none)'}",
    )


def load(given: str) -> Cloud:
    """The resolved cloud. Raises SpecError."""
    from fournines.cloud.resolve import resolve
    from fournines.services import catalogue
    from fournines.spec import load as load_spec

    return resolve(load_spec(find(given)), catalogue())


def name(given: str) -> str:
    """The cloud's name, also when its file cannot be read any more: what is to be taken down needs no design.

    Only one line of the file is looked at, `name: ...`; without file or line the name is what was given.
    """
    try:
        text = find(given).read_text(encoding="utf-8")
    except (SpecError, OSError, UnicodeDecodeError):
        text = ""
    found = re.search(r"^name:[ \t]*([a-z][a-z0-9-]*)[ \t]*(#.*)?$", text, re.MULTILINE)
    return found[1] if found else Path(given).stem
