"""Have files of this host seem others, by mounts over them, and its daemons take them.

The request is one JSON object on standard input:

    folder  a new one below /run, where what is laid over is kept
    undo    text of a shell script that undoes it, put there as `undo`
    arm     shell that has it run in time
    files   path -> {"content": text} or {"prepend": text}
    units   the first that runs is told to take them
    how     reload, where that is enough, or restart; or nothing, where it reads them anew each time
    down    whether it must not run with them
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence

_DOWN_WITHIN_S = 60
_STATE = ("ActiveState", "SubState", "NRestarts", "MainPID", "ExecMainStartTimestampMonotonic")


def main() -> None:
    asked = json.load(sys.stdin)
    unit = next((each for each in asked["units"] if _said(each)["SubState"] == "running"), None)
    if unit is None:
        sys.exit(f"no {' nor '.join(asked['units'])} runs")
    folder = asked["folder"]
    os.mkdir(folder, 0o700)
    for name, text in (("undo", asked["undo"]), ("unit", f"{' '.join((asked['how'], unit, *requiring(unit)))}\n")):
        with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
            file.write(text)
    subprocess.run(["sh", "-ec", asked["arm"]], check=True)
    for number, (path, change) in enumerate(asked["files"].items()):
        lay(f"{folder}/{number}", os.path.realpath(path), change)
    if asked["how"] == "nothing":
        return
    if not asked["down"]:
        # Some are reloaded over a connection that such a certificate does not let through.
        if asked["how"] == "restart" or subprocess.run(["systemctl", "reload", unit], check=False).returncode:
            subprocess.run(["systemctl", "--no-block", "restart", unit], check=True)
        return
    subprocess.run(["systemctl", "stop", unit], check=True)
    before = _said(unit)
    subprocess.run(["systemctl", "--no-block", "start", unit], check=True)
    end = time.monotonic() + _DOWN_WITHIN_S
    while not is_down(before, _said(unit)):
        if time.monotonic() > end:
            sys.exit(f"{unit} runs with what it should refuse")
        time.sleep(0.2)


def lay(making: str, path: str, change: dict[str, str]) -> None:
    """A file of the same owner and mode that is seen at `path` from now on."""
    shutil.copy2(path, making)
    owner = os.stat(path)
    os.chown(making, owner.st_uid, owner.st_gid)
    with open(making, "r+", encoding="utf-8") as file:
        text = change["content"] if "content" in change else change["prepend"] + file.read()
        file.seek(0)
        file.truncate()
        file.write(text)
    subprocess.run(["mount", "--bind", making, path], check=True)


def requiring(unit: str) -> list[str]:
    """Active units that systemd stops with this one, and does not start again with it."""
    found: list[str] = []
    ways = ("RequiredBy", "RequisiteOf", "BoundBy", "ConsistsOf")
    todo = [unit]
    while todo:
        said = _said(todo.pop(), ways)
        for other in sorted({name for way in ways for name in said.get(way, "").split()} - {unit, *found}):
            if _said(other)["ActiveState"] in ("active", "activating", "reloading"):
                found.append(other)
                todo.append(other)
    return found


def is_down(before: dict[str, str], now: dict[str, str]) -> bool:
    """Whether the unit has failed since it was to be started; or its new main process has ended, for which something
    that is to follow its start may still wait."""
    if now["ActiveState"] == "failed" or now["SubState"].startswith("auto-restart"):
        return True
    began = now["ExecMainStartTimestampMonotonic"] != before["ExecMainStartTimestampMonotonic"]
    return now["NRestarts"] != before["NRestarts"] or (began and now["MainPID"] == "0")


def _said(unit: str, properties: Sequence[str] = _STATE) -> dict[str, str]:
    show = ["systemctl", "show", unit, f"--property={','.join(properties)}"]
    lines = subprocess.run(show, check=True, capture_output=True, text=True).stdout.splitlines()
    return dict(line.split("=", 1) for line in lines)


if __name__ == "__main__":
    main()
