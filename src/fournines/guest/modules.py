"""Which kernel modules a machine needs, and in which order they can be loaded."""

from __future__ import annotations

import lzma
import re
from collections.abc import Iterable
from pathlib import Path

from fournines.errors import NinesError


def needed(kernel: Path, names: Iterable[str]) -> dict[str, bytes]:
    """Those modules and what they depend on: name -> the module, each after its dependencies.

    `kernel` is a folder of /lib/modules of Debian. What is built into the kernel is left out. Raises NinesError for a
    name that the kernel does not know.
    """
    files = {_name(path.name): path for path in kernel.glob("kernel/**/*.ko.xz")}
    built_in = {_name(line) for line in (kernel / "modules.builtin").read_text().split()}
    found: dict[str, bytes] = {}

    def add(name: str) -> None:
        if name in found or name in built_in:
            return
        if name not in files:
            raise NinesError(
                f"the kernel {kernel.name} has no module {name}", "its name may have changed; see _MODULES"
            )
        module = lzma.decompress(files[name].read_bytes())
        for dependency in depends(module):
            add(dependency)
        found[name] = module

    for name in names:
        add(_name(name))
    return found


def depends(module: bytes) -> list[str]:
    """What a module says that it needs, in its section .modinfo."""
    said = re.search(rb"\0depends=([^\0]*)\0", module)
    return [_name(name) for name in said[1].decode().split(",") if name] if said else []


def _name(path: str) -> str:
    """As the kernel calls it: no folder, no suffix, `_` for `-`."""
    return path.rpartition("/")[2].partition(".")[0].replace("-", "_")
