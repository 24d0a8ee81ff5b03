"""Which cloud file is meant."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from fournines.errors import SpecError

_CHECKOUT = Path(__file__).resolve().parents[3]


def find_cloud(name_or_path: str | None = None) -> Path:
    """The file of a cloud: a path (with a slash or .yaml) as given, a bare name from `clouds/` here or beside nines.

    None means $NINES_CLOUD, else `lab`. Raises SpecError, with the near names, when there is no such file.
    """
    wanted = name_or_path or os.environ.get("NINES_CLOUD") or "lab"
    if "/" in wanted or wanted.endswith((".yaml", ".yml")):
        path = Path(wanted)
        folders = [path.parent]
        candidates = [path]
    else:
        folders = list(dict.fromkeys([Path("clouds"), _CHECKOUT / "clouds"]))
        candidates = [folder / f"{wanted}.yaml" for folder in folders]
    for candidate in candidates:
        if _exists(candidate):
            return candidate
    there = sorted({file.stem for folder in folders for file in _files(folder)})
    stem = Path(wanted).stem
    begun = [name for name in there if stem and name.startswith(stem)]
    near = begun or difflib.get_close_matches(stem, there, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(there[:12])}" if there else ""
    source = "" if name_or_path else " (from NINES_CLOUD)" if os.environ.get("NINES_CLOUD") else " (the default)"
    looked = " and ".join(str(folder) for folder in folders)
    message = f"there is no cloud file {wanted!r}{source} in {looked}" + (f"; {hint}" if hint else "")
    raise SpecError(message, "give a path, or the name of a file in clouds/")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _files(folder: Path) -> list[Path]:
    try:
        return [file for file in folder.iterdir() if file.suffix in (".yaml", ".yml")]
    except (OSError, ValueError):
        return []
