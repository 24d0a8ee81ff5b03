"""A test double of a host's system programs, under $NINES_ROOT: systemctl, journalctl, dpkg, dpkg-query, apt-get,
mount, useradd, usermod, groupadd. Which one is said by the name it is called by. Plain files hold its state:

    units.json       unit -> {active, sub, since, enabled, reload, fails}
    active/UNIT      active, inactive, failed
    packages         one installed package a line, with its version where it is not 1
    archive          packages that can be installed; all where there is no such file
    calls            one line a changing call: program and arguments
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import threading
import time

here = threading.local()
"""`root`, `out` and `err` of a call inside a test's own process, for each thread."""


def say(text: str) -> None:
    print(text, file=getattr(here, "out", sys.stdout))


def complain(text: str) -> None:
    print(text, file=getattr(here, "err", sys.stderr))


def root() -> str:
    return getattr(here, "root", None) or os.environ["NINES_ROOT"]


def at(path: str) -> str:
    return os.path.join(root(), path.lstrip("/"))


def record(words: list[str]) -> None:
    with open(at("calls"), "a") as file:
        file.write(" ".join(words) + "\n")
    with open(os.path.join(os.path.dirname(root()), "calls"), "a") as file:
        file.write(" ".join([os.path.basename(root()), *words]) + "\n")


def lines(path: str) -> list[str]:
    try:
        with open(at(path)) as file:
            return file.read().splitlines()
    except FileNotFoundError:
        return []


def write_lines(path: str, content: list[str]) -> None:
    os.makedirs(os.path.dirname(at(path)), exist_ok=True)
    with open(at(path) + "~", "w") as file:
        file.write("".join(line + "\n" for line in content))
    os.replace(at(path) + "~", at(path))


def load() -> dict[str, dict[str, object]]:
    return json.loads("".join(lines("units.json")) or "{}")


def save(units: dict[str, dict[str, object]]) -> None:
    for name, unit in units.items():
        write_lines(f"active/{name}", [str(unit.get("active", "inactive"))])
    write_lines("units.json", [json.dumps(units)])


def systemctl(args: list[str]) -> int:
    action = args[0]
    names = [word for word in args[1:] if "." in word]
    units = load()
    if action == "show":
        blocks: list[str] = []
        for name in names:
            unit = units.get(name, {})
            masked = os.path.islink(at(f"etc/systemd/system/{name}"))
            blocks.append(
                f"ActiveState={unit.get('active', 'inactive')}\n"
                f"SubState={unit.get('sub', '')}\n"
                f"UnitFileState={'masked' if masked else unit.get('enabled', '')}\n"
                f"NeedDaemonReload={unit.get('reload', 'no')}\n"
                f"InactiveExitTimestampMonotonic={unit.get('since', 0)}\n"
            )
        say("\n".join(blocks))
        return 0
    record(["systemctl", *[word for word in args if word not in ("--", "--quiet")]])
    for name in names:
        unit = units.setdefault(name, {})
        if action in ("start", "restart"):
            if fails := unit.get("fails"):
                # True, or so many times, and systemd starts it again by itself.
                unit["active"] = "failed" if fails is True else "activating"
                if fails is not True:
                    unit["fails"] = int(str(fails)) - 1
                save(units)
                complain(f"Job for {name} failed.")
                return 1
            if action == "restart" or unit.get("active") not in ("active", "activating"):
                unit["since"] = int(time.monotonic() * 1e6)
            unit["active"] = "active"
        elif action == "stop":
            unit["active"] = "inactive"
        elif action in ("enable", "disable") and unit.get("enabled") != "static":
            unit["enabled"] = action + "d"
    if action == "daemon-reload":
        for unit in units.values():
            unit["reload"] = "no"
    save(units)
    return 0


def dpkg_query(args: list[str]) -> int:
    installed = {line.split()[0]: (*line.split(), "1")[1] for line in lines("packages")}
    names = args[args.index("-f") + 2 :]
    for name in names:
        if name in installed:
            say(f"{name} installed {installed[name]}")
        else:
            complain(f"dpkg-query: no packages found matching {name}")
    return 0 if installed.keys() >= set(names) else 1


def apt_get(args: list[str]) -> int:
    record(["apt-get", args[-1] if "update" in args else "install " + " ".join(args[args.index("--") + 1 :])])
    if not os.path.exists(at("usr/sbin/policy-rc.d")) and "update" not in args:
        complain("a package would start by itself")
        return 100
    if "update" in args:
        write_lines("index", ["fresh"])
        return 0
    if not os.path.exists(at("index")):
        complain("E: Unable to locate package")
        return 100
    wanted = args[args.index("--") + 1 :]
    nowhere = [name for name in wanted if os.path.exists(at("archive")) and name not in lines("archive")]
    for name in nowhere:
        complain(f"E: Unable to locate package {name}")
    if nowhere:
        return 100
    write_lines("packages", sorted({*lines("packages"), *wanted}))
    return 0


def mount(args: list[str]) -> int:
    record(["mount", *[word.removeprefix(root()) for word in args]])
    if "-t" in args:
        fstype, options, source, path = args[1], args[3], args[4], args[5].removeprefix(root())
        escaped = path.replace(" ", "\\040")
        write_lines("proc/self/mounts", [*lines("proc/self/mounts"), f"{source} {escaped} {fstype} {options} 0 0"])
    return 0


def account(program: str, args: list[str]) -> int:
    assert args[:2] == ["--prefix", root()], "the agent would have touched this machine's own users"
    record([program, *args[2:]])
    users, groups = lines("etc/passwd"), lines("etc/group")
    if program == "groupadd":
        write_lines("etc/group", [*groups, f"{args[-1]}:x:{500 + len(groups)}:"])
    elif program == "useradd":
        write_lines("etc/passwd", [*users, f"{args[-1]}:x:{500 + len(users)}:{500 + len(groups)}::/:/bin/false"])
        if "--user-group" in args:
            write_lines("etc/group", [*groups, f"{args[-1]}:x:{500 + len(groups)}:"])
    else:
        wanted = args[args.index("--groups") + 1].split(",")
        changed = [
            f"{line},{args[-1]}"
            if line.split(":")[0] in wanted and not line.endswith(":")
            else f"{line}{args[-1]}"
            if line.split(":")[0] in wanted
            else line
            for line in groups
        ]
        write_lines("etc/group", changed)
    return 0


def main(program: str, args: list[str]) -> int:
    if program == "systemctl":
        with open(at("systemd.lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return systemctl(args)
    if program == "dpkg-query":
        return dpkg_query(args)
    if program == "apt-get":
        return apt_get(args)
    if program == "mount":
        return mount(args)
    if program == "journalctl":
        say("\n".join(f"line {number} of {args[1]}" for number in range(20)))
        return 0
    if program == "dpkg":
        return 0
    return account(program, args)


if __name__ == "__main__":
    sys.exit(main(os.path.basename(sys.argv[0]), sys.argv[1:]))
