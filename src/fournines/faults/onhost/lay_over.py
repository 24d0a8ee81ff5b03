"""Have files of this host seem others, by mounts over them, and its daemons take them.

The request is one JSON object on standard input:

    folder  a new one below /run, where what is laid over is kept
    undo    text of a shell script that undoes it, put there as `undo`
    arm     shell that has it run in time
    files   path -> {"content": text} or {"append": text}
    units   the first that runs is told to take them
    how     reload, or restart
    down    whether it must not run with them
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from typing import Any

_DOWN_WITHIN_S = 90


def main() -> None:
    asked = json.load(sys.stdin)
    unit = next((each for each in asked["units"] if _said(each)["SubState"] == "running"), None)
    if unit is None:
        sys.exit(f"no {' nor '.join(asked['units'])} runs")
    folder = asked["folder"]
    os.mkdir(folder, 0o700)
    for name, text in (("undo", asked["undo"]), ("unit", f"{asked['how']} {unit}\n")):
        with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
            file.write(text)
    subprocess.run(["sh", "-ec", asked["arm"]], check=True)
    for number, (path, change) in enumerate(asked["files"].items()):
        lay(f"{folder}/{number}", os.path.realpath(path), change)
    before = _said(unit)
    subprocess.run(["systemctl", *(["--no-block"] if asked["down"] else []), asked["how"], unit], check=True)
    end = time.monotonic() + _DOWN_WITHIN_S
    while asked["down"] and not is_down(before, _said(unit)):
        if time.monotonic() > end:
            sys.exit(f"{unit} runs with what it should refuse")
        time.sleep(0.2)


def lay(making: str, path: str, change: dict[str, str]) -> None:
    """A file of the same owner and mode that is seen at `path` from now on."""
    shutil.copy2(path, making)
    owner = os.stat(path)
    os.chown(making, owner.st_uid, owner.st_gid)
    with open(making, "a" if "append" in change else "w", encoding="utf-8") as file:
        file.write(change.get("append", change.get("content", "")))
    subprocess.run(["mount", "--bind", making, path], check=True)


def is_down(before: dict[str, str], now: dict[str, str]) -> bool:
    """Whether the unit has come to its end since, of itself."""
    if now["ActiveState"] in ("failed", "inactive") or now["SubState"].startswith("auto-restart"):
        return True
    return int(now["NRestarts"] or 0) > int(before["NRestarts"] or 0)


def _said(unit: str) -> dict[str, Any]:
    show = ["systemctl", "show", unit, "--property=ActiveState,SubState,NRestarts"]
    lines = subprocess.run(show, check=True, capture_output=True, text=True).stdout.splitlines()
    return dict(line.split("=", 1) for line in lines)


if __name__ == "__main__":
    main()
