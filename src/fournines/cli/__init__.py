"""The command line: one file a verb in `verbs/`, found by module name. Arguments in, text out, nothing else.

Start-up is felt at every command: `verbs/` import what they work with inside their function, not at the top.
"""

from __future__ import annotations

import os


def main() -> None:
    """Entry point of the console script `nines`."""
    # What libraries do as they are imported, and nobody here asks for: pydantic looks for plugins in the metadata of
    # every package, numpy starts threads for linear algebra.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from fournines.cli.app import run

    run()
