"""Prints this broker's view of its cluster as one JSON object: running (hosts), partitions.

    rabbitmq_facts.py rabbit@HOST

Asks by erl_call, a small C program: rabbitmqctl starts a whole
Erlang machine, two CPU seconds a call.
"""

import glob
import json
import os
import re
import subprocess
import sys

facts: dict[str, object] = {"running": [], "partitions": []}
try:
    program = sorted(glob.glob("/usr/lib/erlang/lib/erl_interface-*/bin/erl_call"))[-1]
    done = subprocess.run(
        [program, "-sname", sys.argv[1], "-timeout", "5", "-fetch_stdout", "-e"],
        input='io:format("~0p.~n~0p.~n", [rabbit_nodes:list_running(), rabbit_node_monitor:partitions()]).',
        # The cookie is read from the home of the broker's user, never given as an argument.
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
        env={**os.environ, "HOME": "/var/lib/rabbitmq"},
    )
    lines = done.stdout.splitlines()
    if done.returncode or len(lines) < 2:
        facts["error"] = (done.stderr or done.stdout).strip()[-200:]
    else:
        facts["running"] = sorted(re.findall(r"rabbit@([\w.-]+)", lines[0]))
        facts["partitions"] = [] if lines[1].strip() == "[]." else [lines[1].strip()]
except (IndexError, OSError, subprocess.SubprocessError) as error:
    facts["error"] = str(error)[:200]
print(json.dumps(facts))
