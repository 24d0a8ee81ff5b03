"""Writes a row into this Galera member, and prints what came of it, as `fournines.services.Trial` says.

Run as root on the host: MariaDB knows root by its socket. A member has one row, which each trial replaces.
"""

import json
import re
import subprocess
import sys

LIMIT_S = 4
WRITE = "REPLACE INTO fournines.trial (host, at) VALUES (@@wsrep_node_name, UTC_TIMESTAMP(6))"
NO = frozenset({1047, 1158, 1159, 1160, 1161, 1180, 1205, 1213, 1290, 2002, 2003, 2006, 2013, 2055})
"""Not ready for use, cannot commit, read-only, gone. Any other error says nothing about that: no such table, say, or
a certificate that is not trusted."""


def came_of(code: int, stderr: str) -> tuple[bool | None, str]:
    """(accepted, seen) of a mariadb client that ended."""
    if code == 0:
        return True, "committed"
    # The client shows the statement before the error.
    error = re.search(r"ERROR (\d+).*", stderr)
    seen = (error[0] if error else stderr.strip())[-200:]
    return False if error and int(error[1]) in NO else None, seen or f"exit {code}"


def main() -> int:
    accepted: bool | None
    try:
        done = subprocess.run(
            # Over its socket, where nobody needs to look at a certificate that may have expired.
            ["mariadb", "--skip-ssl", "--connect-timeout=2"],
            input=WRITE,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        accepted, seen = came_of(done.returncode, done.stderr)
    except subprocess.TimeoutExpired:
        accepted, seen = False, f"no answer within {LIMIT_S} s"
    print(json.dumps({"accepted": accepted, "seen": seen}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
