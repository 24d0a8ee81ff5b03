"""One request in, its answer out."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable

from fournines.converge.agent.line import Line
from fournines.converge.agent.look import look
from fournines.converge.agent.machine import Data, Machine, Refusal, remedy_of
from fournines.converge.agent.moves import units
from fournines.converge.agent.waits import run, wait
from fournines.converge.agent.write import write

OPERATIONS: dict[str, Callable[[Machine, Data, Line], Data]] = {
    "look": look,
    "write": write,
    "units": units,
    "wait": wait,
    "run": run,
}


def bug(error: Exception) -> str:
    """What an error of ours was, with file and line of the agent's own code where it came from."""
    place, at = "nowhere", error.__traceback__
    while at is not None:
        file = at.tb_frame.f_code.co_filename
        if file.startswith("agent/"):
            place = f"{file}, line {at.tb_lineno}"
        at = at.tb_next
    return f"the agent failed: {type(error).__name__}: {error} ({place})"


def main() -> None:
    # What the way in (nsenter, ssh) sets is not to be relied on.
    os.environ["PATH"] = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/local/sbin:/usr/sbin:/sbin"
    os.environ.update(LC_ALL="C.UTF-8", DEBIAN_FRONTEND="noninteractive", NEEDRESTART_SUSPEND="1")
    # Units alone decide what starts; update-rc.d fails where the image has no runlevel links.
    os.environ["SYSTEMCTL_SKIP_SYSV"] = "1"
    os.environ.setdefault("HOME", "/root")
    os.umask(0o022)
    line = Line(sys.stdout)
    try:
        request = json.loads(sys.stdin.buffer.read())
        machine = Machine(request.get("root") or os.environ.get("NINES_ROOT", ""))
        line.say({"result": OPERATIONS[request["op"]](machine, request, line)})
    except Refusal as error:
        line.say({"error": str(error), "remedy": error.remedy})
    except OSError as error:
        if remedy_of(error):
            line.say({"error": f"{error.filename or 'writing'}: {error.strerror}", "remedy": remedy_of(error)})
        else:
            line.say({"error": bug(error)})
    except Exception as error:
        line.say({"error": bug(error)})
    # Threads that still wait for a silent peer must not hold up the answer.
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    os._exit(0)
