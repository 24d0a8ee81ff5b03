"""Prints this broker's view of its cluster as one JSON object: running (hosts), partitions.

    rabbitmq_facts.py rabbit@HOST

Asks by erl_call, a small C program: rabbitmqctl starts a whole
Erlang machine, two CPU seconds a call.
"""

import json
import os
import re
import subprocess
import sys


def ask(function: str) -> str:
    """What `module:function()` of the running broker returns, as Erlang text."""
    done = subprocess.run(
        ["erl_call", "-sname", sys.argv[1], "-timeout", "5", "-a", function],
        # The cookie is read from the home of the broker's user, never given as an argument.
        capture_output=True,
        text=True,
        timeout=8,
        check=False,
        env={**os.environ, "HOME": "/var/lib/rabbitmq"},
    )
    if done.returncode:
        raise OSError((done.stderr or done.stdout).strip()[-200:])
    return done.stdout.strip()


facts: dict[str, object] = {"running": [], "partitions": []}
try:
    facts["running"] = sorted(re.findall(r"rabbit@([\w.-]+)", ask("rabbit_nodes list_running []")))
    facts["partitions"] = re.findall(r"rabbit@([\w.-]+)", ask("rabbit_node_monitor partitions []"))
except (OSError, subprocess.SubprocessError) as error:
    facts["error"] = str(error)[:200]
print(json.dumps(facts))
