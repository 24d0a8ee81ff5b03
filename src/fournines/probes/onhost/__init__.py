"""Programs of probes that run on hosts: Python of Debian 13, standard library and what the host has anyway.

Each call sends its source and one JSON request on standard input; nothing is left on the host. Tests import them.

    rhythm   starts at fixed times, a line a sample: for any such program
    blocks   numbered blocks of an RBD image: writes, reads, looks whether they are there, removes
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

# Neither the user's site nor the working directory has a say in what is imported; Debian's packages do.
COMMAND = ("python3", "-sP", "-c", "import sys;n=int(sys.stdin.buffer.readline());exec(sys.stdin.buffer.read(n))")
_MODULES = ("rhythm", "blocks")
"""In the order in which they import each other."""
_LOADER = """import sys, types
for name, text in {parts!a}.items():
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(text, name, "exec"), module.__dict__)
sys.modules[{main!a}].main()
"""


@cache
def _source(main: str) -> str:
    parts = {f"{__name__}.{name}": files(__name__).joinpath(f"{name}.py").read_text("utf-8") for name in _MODULES}
    return _LOADER.format(parts=parts, main=f"{__name__}.{main}")


def sent(main: str, request: Mapping[str, Any]) -> str:
    """What COMMAND is given first: one of these programs, then its request."""
    source = _source(main)
    return f"{len(source)}\n{source}{json.dumps(request)}\n"
