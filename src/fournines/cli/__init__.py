"""The command line: one file a verb in `verbs/`, found by module name. Arguments in, text out, nothing else.

Start-up is felt at every command: `verbs/` import what they work with inside their function, not at the top.
"""

from __future__ import annotations


def main() -> None:
    """Entry point of the console script `nines`."""
    from fournines.cli.app import run

    run()
