"""The agent: reads and changes one host. Its source is piped to the host's python3 (>= 3.9), stdlib only.

nines never imports this file (`transport.py` sends it). It takes one JSON request on standard input, answers in
JSON lines on standard output, and exits. It keeps no process, and no file beyond those named here.

    look   {resources, checks, limit}    -> {changes, checks, ...}  what differs, what the checks say; changes nothing
    write  {resources}                   -> {did, left}             removes every difference but unit starts and stops
    units  {units, timeout}              -> {did, failed}           start, restart, reload, stop
    wait   {check, bound}                -> {ok, seen, seconds}     one check until it holds
    run    {name, command, done, bound}  -> {skipped, exit, ...}    a step: nothing when done, else run and await

Answers: `{"progress": {"text", "seconds"}}` about every 2 s, at last `{"result": ...}` or `{"error": text}`.
Every path is taken below `root` (of the request, else $NINES_ROOT, else the real root).

    /var/lib/fournines/stamps.json     unit -> digest of what it read when it was last started; `UNIT reload` -> of what
                                       it reads again at a reload
    /var/lib/fournines/daemon-reload   there while systemd has not yet reread what was written
    /run/fournines/*.lock              held while changing: an agent whose operator died may still be at work

A change is {index, kind, subject, action, diff}; index points into the request's resources, null for the agent's own.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import select
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from typing import Any

Data = dict[str, Any]
Changes = list[Data]

STATE = "/var/lib/fournines"
STAMPS = STATE + "/stamps.json"
RELOAD = STATE + "/daemon-reload"
LOCKS = "/run/fournines"
UNITS = "/etc/systemd/system"
POLICY = "/usr/sbin/policy-rc.d"
POLICY_SAVED = POLICY + ".before-fournines"
POLICY_TEXT = b"#!/bin/sh\n# Written by fournines while it installs packages: nothing starts by itself.\nexit 101\n"

LOCK_BOUND = 180.0
SEEN = 64 * 1024
TAIL = 4096
DIFF = 64 * 1024
RUNNING = ("active", "activating", "reloading", "refreshing")
MOVES = ("stop", "start", "restart", "reload")
SHOWN = (
    "LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload,"
    "InactiveExitTimestampMonotonic,ExecMainStartTimestampMonotonic"
)


class Refusal(Exception):  # noqa: N818
    """Something that the operator must know: its text is shown as it is."""


# --- telling the operator ---------------------------------------------------------------------------------------------


class Line:
    """The way back to the operator. `gone` once nobody reads any more."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.gone = False
        self.lock = threading.Lock()

    def say(self, data: Data) -> None:
        with self.lock:
            if self.gone:
                return
            try:
                self.stream.write(json.dumps(data) + "\n")
                self.stream.flush()
            except OSError:
                self.gone = True

    @contextlib.contextmanager
    def beating(self, text: Callable[[], str]) -> Generator[None, None, None]:
        """Tell `text()` every 2 s while the block works."""
        began = time.monotonic()
        over = threading.Event()

        def beat() -> None:
            while not over.wait(2):
                self.say({"progress": {"text": text(), "seconds": round(time.monotonic() - began, 1)}})

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


# --- the host ---------------------------------------------------------------------------------------------------------


class Ran:
    """How a program ended. `exit` is None when it was cut off, -1 when it could not be started."""

    def __init__(self, code: int | None, out: str, err: str) -> None:
        self.exit = code
        self.out = out
        self.err = err

    def said(self) -> str:
        return (self.err.strip() or self.out.strip())[-TAIL:]


def execute(argv: list[str], stdin: str = "", timeout: float = 60.0) -> Ran:
    """Run a program to its end or for `timeout` seconds, then kill it with all that it started.

    Its streams are files in memory: a daemon that it leaves behind cannot keep us waiting for a pipe's end.
    """
    with contextlib.ExitStack() as stack:
        streams = [stack.enter_context(open(os.memfd_create(name), "w+b")) for name in ("stdin", "stdout", "stderr")]
        streams[0].write(stdin.encode())
        streams[0].seek(0)
        try:
            process = subprocess.Popen(
                argv, stdin=streams[0], stdout=streams[1], stderr=streams[2], start_new_session=True
            )
        except OSError as error:
            return Ran(-1, "", f"cannot run {argv[0]}: {error.strerror}")
        code: int | None = None
        handle = os.pidfd_open(process.pid)
        ended, _, _ = select.select([handle], [], [], timeout)
        os.close(handle)
        if ended:
            code = process.wait()
        else:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        out, err = (os.pread(s.fileno(), os.fstat(s.fileno()).st_size, 0) for s in streams[1:])
    return Ran(code, out.decode(errors="replace"), err.decode(errors="replace"))


class Machine:
    """The host's files and programs, below `root`."""

    def __init__(self, root: str = "") -> None:
        self.root = root.rstrip("/")
        self.written: dict[str, None] = {}

    def at(self, path: str) -> str:
        if not path.startswith("/") or ".." in path.split("/"):
            raise Refusal("not an absolute path: " + path)
        return self.root + path

    def read(self, path: str) -> bytes | None:
        """The content of a file; None where there is none."""
        try:
            with open(self.at(path), "rb") as file:
                return file.read()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    def accounts(self, table: str) -> dict[str, list[str]]:
        """/etc/passwd or /etc/group by name."""
        text = (self.read("/etc/" + table) or b"").decode(errors="replace")
        return {line.split(":")[0]: line.split(":") for line in text.splitlines() if line.count(":") >= 3}

    def owner(self, user: str, group: str) -> tuple[int, int] | None:
        """Their ids; None when one is not there (yet)."""
        users, groups = self.accounts("passwd"), self.accounts("group")
        if user not in users or group not in groups:
            return None
        return int(users[user][2]), int(groups[group][2])

    def put(self, path: str, data: bytes, mode: int = 0o644, owner: tuple[int, int] | None = None) -> None:
        """Write a file so that any reader, at any moment, sees the old or the new one, with its owner and mode."""
        real, temporary = self.at(path), self.at(unfinished(path))
        os.makedirs(os.path.dirname(real), 0o755, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            if owner is not None and os.geteuid() == 0:
                os.fchown(descriptor, owner[0], owner[1])
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        os.replace(temporary, real)
        self.written[os.path.dirname(real)] = None

    def remove(self, path: str) -> None:
        real = self.at(path)
        if os.path.isdir(real) and not os.path.islink(real):
            os.rmdir(real)
        elif os.path.lexists(real):
            os.unlink(real)
        self.written[os.path.dirname(real)] = None

    def link(self, path: str, target: str) -> None:
        real, temporary = self.at(path), self.at(unfinished(path))
        os.makedirs(os.path.dirname(real), 0o755, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        os.symlink(target, temporary)
        os.replace(temporary, real)
        self.written[os.path.dirname(real)] = None

    def settle(self) -> None:
        """Make the renames last through a power loss."""
        for folder in self.written:
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        self.written.clear()

    def tool(self, *argv: str, timeout: float = 60.0) -> str:
        """Standard output of a program that must succeed."""
        ran = execute(list(argv), timeout=timeout)
        if ran.exit is None:
            raise Refusal("{}: no end after {:g} s".format(" ".join(argv)[:200], timeout))
        if ran.exit:
            raise Refusal("{}: exit {}: {}".format(" ".join(argv)[:200], ran.exit, ran.said()))
        return ran.out

    @contextlib.contextmanager
    def lock(self, name: str, line: Line) -> Generator[None, None, None]:
        """Hold a lock of this host. The kernel frees it when the agent ends, however it ends."""
        folder = self.at(LOCKS)
        os.makedirs(folder, 0o700, exist_ok=True)
        with open(os.path.join(folder, name.replace("/", "-") + ".lock"), "a+") as file:
            began = time.monotonic()
            with line.beating(lambda: f"another run still works here ({name})"):
                while True:
                    try:
                        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        break
                    except BlockingIOError:
                        if time.monotonic() - began > LOCK_BOUND:
                            raise Refusal(f"another run has worked on {name} for more than {LOCK_BOUND:g} s") from None
                        time.sleep(0.1)
            yield


def unfinished(path: str) -> str:
    """The temporary name of a file while it is written: fixed, so that the next run finds what a killed one left."""
    folder, name = os.path.split(path)
    return os.path.join(folder, "." + name + ".nines")


# --- differences, one function a kind; each gives (action, diff) pairs ------------------------------------------------

Pairs = list[tuple[str, str]]


def text_diff(path: str, old: bytes, new: bytes) -> str:
    """Unified diff, at most 64 KiB."""
    import difflib

    try:
        before, after = old.decode(), new.decode()
    except UnicodeDecodeError:
        return f"(binary: {len(old)} -> {len(new)} bytes)\n"
    if len(before) + len(after) > 4 * DIFF:
        return f"(large: {len(old)} -> {len(new)} bytes)\n"
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), path, path, "now", "wanted", lineterm="")
    text = "".join(line + "\n" for line in lines) or "(only the line ends differ)\n"
    return text if len(text) <= DIFF else text[:DIFF] + "\n(cut)\n"


def attributes(machine: Machine, info: os.stat_result, wanted: Data) -> str:
    """What differs in mode and owner, one line each."""
    seen = ""
    mode = stat.S_IMODE(info.st_mode)
    if mode != wanted["mode"]:
        seen += "mode: {:04o} -> {:04o}\n".format(mode, wanted["mode"])
    if os.geteuid() == 0:
        ids = machine.owner(wanted["owner"], wanted["group"])
        if ids != (info.st_uid, info.st_gid):
            seen += "owner: {}:{} -> {}:{}\n".format(info.st_uid, info.st_gid, wanted["owner"], wanted["group"])
    return seen


def see_file(machine: Machine, wanted: Data) -> Pairs:
    path, content = wanted["path"], wanted["content"].encode()
    left_over = os.path.lexists(machine.at(unfinished(path)))
    try:
        info = os.lstat(machine.at(path))
    except (FileNotFoundError, NotADirectoryError):
        return [("create", "(secret changed)\n" if wanted["secret"] else text_diff(path, b"", content))]
    if wanted["once"]:
        return [("update", "(an unfinished write is left over)\n")] if left_over else []
    if not stat.S_ISREG(info.st_mode):
        kind = "folder" if stat.S_ISDIR(info.st_mode) else "link" if stat.S_ISLNK(info.st_mode) else "special file"
        return [("update", f"(now a {kind})\n")]
    diff = attributes(machine, info, wanted)
    now = machine.read(path) or b""
    if now != content:
        diff += "(secret changed)\n" if wanted["secret"] else text_diff(path, now, content)
    if left_over:
        diff += "(an unfinished write is left over)\n"
    return [("update", diff)] if diff else []


def see_directory(machine: Machine, wanted: Data) -> Pairs:
    try:
        info = os.stat(machine.at(wanted["path"]))
    except (FileNotFoundError, NotADirectoryError):
        return [("create", "")]
    if not stat.S_ISDIR(info.st_mode):
        return [("update", "(now not a folder)\n")]
    diff = attributes(machine, info, wanted)
    return [("update", diff)] if diff else []


def see_link(machine: Machine, wanted: Data) -> Pairs:
    path = machine.at(wanted["path"])
    if not os.path.lexists(path):
        return [("create", "-> {}\n".format(wanted["target"]))]
    now = os.readlink(path) if os.path.islink(path) else "(not a link)"
    return [] if now == wanted["target"] else [("update", "{} -> {}\n".format(now, wanted["target"]))]


def see_absent(machine: Machine, wanted: Data) -> Pairs:
    return [("remove", "")] if os.path.lexists(machine.at(wanted["path"])) else []


def sysctl_paths(wanted: Data) -> tuple[str, str, bytes]:
    """Where the kernel shows it, the file for the next boot, and that file's content."""
    key, value = wanted["key"], wanted["value"]
    boot = "/etc/sysctl.d/90-nines-{}.conf".format(key.replace("/", "-"))
    return "/proc/sys/" + key.replace(".", "/"), boot, f"{key} = {value}\n".encode()


def see_sysctl(machine: Machine, wanted: Data) -> Pairs:
    live, boot, content = sysctl_paths(wanted)
    now = machine.read(live)
    seen = "absent" if now is None else " ".join(now.decode().split())
    if seen != " ".join(wanted["value"].split()):
        return [("update", "{} -> {}\n".format(seen, wanted["value"]))]
    if machine.read(boot) != content or os.path.lexists(machine.at(unfinished(boot))):
        return [("update", "set now, not at boot\n")]
    return []


def unescape(field: str) -> str:
    return field.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")


def table_line(wanted: Data) -> str:
    fields = [wanted[name].replace(" ", "\\040") for name in ("source", "path", "fstype", "options")]
    return " ".join(fields) + " 0 0"


def mounted(machine: Machine, path: str) -> str | None:
    """The type of the file system on top at `path`."""
    found = None
    for line in (machine.read("/proc/self/mounts") or b"").decode(errors="replace").splitlines():
        fields = line.split()
        if len(fields) > 2 and unescape(fields[1]) == path:
            found = fields[2]
    return found


def table_of(machine: Machine, path: str) -> tuple[list[str], list[str]]:
    """Lines of /etc/fstab: (those of `path`, the others)."""
    own: list[str] = []
    others: list[str] = []
    for line in (machine.read("/etc/fstab") or b"").decode(errors="replace").splitlines():
        fields = line.split()
        is_own = len(fields) > 1 and not fields[0].startswith("#") and unescape(fields[1]) == path
        (own if is_own else others).append(line)
    return own, others


def see_mount(machine: Machine, wanted: Data) -> Pairs:
    now = mounted(machine, wanted["path"])
    if now is None:
        return [("create", table_line(wanted) + "\n")]
    if now != wanted["fstype"]:
        return [("update", "{} -> {}\n".format(now, wanted["fstype"]))]
    own, _ = table_of(machine, wanted["path"])
    if own != [table_line(wanted)]:
        return [("update", "".join(f"- {line}\n" for line in own) + f"+ {table_line(wanted)}\n")]
    return []


def see_user(machine: Machine, wanted: Data) -> Pairs:
    if wanted["name"] not in machine.accounts("passwd"):
        return [("create", "")]
    groups = machine.accounts("group")
    missing = [
        name for name in wanted["groups"] if wanted["name"] not in groups.get(name, ["", "", "", ""])[3].split(",")
    ]
    return [("update", "groups: + {}\n".format(" ".join(missing)))] if missing else []


SEE: dict[str, Callable[[Machine, Data], Pairs]] = {
    "file": see_file,
    "directory": see_directory,
    "link": see_link,
    "absent": see_absent,
    "sysctl": see_sysctl,
    "mount": see_mount,
    "user": see_user,
}
SUBJECT = {"sysctl": "key", "package": "name", "user": "name", "unit": "name"}


def packages_missing(names: list[str]) -> list[str]:
    if not names:
        return []
    ran = execute(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *names])
    # Exit 1 only says that some are not known.
    if ran.exit not in (0, 1):
        raise Refusal("dpkg-query: " + ran.said())
    there = {line.split()[0] for line in ran.out.splitlines() if line.split()[1:] == ["installed"]}
    return [name for name in names if name not in there]


# --- units ------------------------------------------------------------------------------------------------------------


def unit_states(names: list[str]) -> dict[str, dict[str, str]]:
    """What systemd says about each, in one call."""
    if not names:
        return {}
    ran = execute(["systemctl", "show", "-p", SHOWN, "--", *names], timeout=30)
    blocks = [block for block in ran.out.strip().split("\n\n") if block.strip()]
    if ran.exit or len(blocks) != len(names):
        raise Refusal("systemd does not answer: {}".format(ran.said() or "no end after 30 s"))
    return {
        name: dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        for name, block in zip(names, blocks, strict=False)
    }


def is_masked(machine: Machine, name: str) -> bool:
    path = machine.at(f"{UNITS}/{name}")
    return os.path.islink(path) and os.readlink(path) == "/dev/null"


def digest(machine: Machine, reads: list[str], wanted: dict[str, bytes | None]) -> str:
    """Of what is at these paths: what is wanted there where that is known, else what is there now."""
    total = hashlib.sha256()
    for path in sorted(reads):
        content = wanted[path] if path in wanted else machine.read(path)
        part = "absent" if content is None else hashlib.sha256(content).hexdigest()
        total.update(f"{path}\0{part}\n".encode())
    return total.hexdigest()


def contents(machine: Machine, resources: list[Data]) -> dict[str, bytes | None]:
    """Path -> what it will hold once everything is written."""
    found: dict[str, bytes | None] = {}
    for wanted in resources:
        if wanted["kind"] == "absent":
            found[wanted["path"]] = None
        elif wanted["kind"] == "file":
            now = machine.read(wanted["path"]) if wanted["once"] else None
            found[wanted["path"]] = wanted["content"].encode() if now is None else now
    return found


def started_after(machine: Machine, state: dict[str, str], reads: list[str]) -> bool:
    """Whether what runs was started after the last change of every file that it reads."""
    stamps = [
        int(state.get(name) or 0) for name in ("InactiveExitTimestampMonotonic", "ExecMainStartTimestampMonotonic")
    ]
    began = time.time() - time.monotonic() + max(stamps) / 1e6
    for path in reads:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            if os.stat(machine.at(path)).st_ctime > began:
                return False
    return max(stamps) > 0


def read_stamps(machine: Machine) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(machine.read(STAMPS) or b"{}")
    except ValueError:
        return {}
    return found


def fresh_stamps(machine: Machine, unit: Data, wanted: dict[str, bytes | None]) -> dict[str, str]:
    """The stamps of a unit that has read all that is wanted: key in stamps.json -> digest."""
    stamps = {unit["name"]: digest(machine, unit["reads"], wanted)}
    if unit["reload_reads"]:
        stamps[reload_key(unit["name"])] = digest(machine, unit["reload_reads"], wanted)
    return stamps


def reload_key(name: str) -> str:
    return name + " reload"


def is_stale(stamps: dict[str, str], fresh: dict[str, str], key: str) -> bool:
    return stamps.get(key) != fresh[key]


def see_unit(
    machine: Machine, wanted: Data, state: dict[str, str], stamps: dict[str, str], will_be: dict[str, bytes | None]
) -> Pairs:
    """Differences of one unit. `will_be` is what files hold once everything is written."""
    pairs: Pairs = []
    name, file_state, active = wanted["name"], state.get("UnitFileState", ""), state.get("ActiveState", "inactive")
    if wanted["masked"] != is_masked(machine, name):
        pairs.append(("mask" if wanted["masked"] else "unmask", ""))
    if not wanted["masked"]:
        if wanted["enabled"] is True and file_state not in ("enabled", "alias", "generated"):
            pairs.append(("enable", ""))
        if wanted["enabled"] is False and file_state not in ("disabled", "static", "indirect", "masked", "linked", ""):
            pairs.append(("disable", ""))
    runs = active in RUNNING
    fresh = fresh_stamps(machine, wanted, will_be)
    if wanted["running"] is False and runs:
        pairs.append(("stop", ""))
    elif wanted["running"] is True and not runs:
        pairs.append(("start", ""))
    elif wanted["running"] is True and active == "activating":
        # Asked for by a run that was killed, or failing and tried again: joined, or restarted if with older files.
        pairs.append(("start", "(starting)\n"))
    elif wanted["running"] is True and is_stale(stamps, fresh, name):
        why = "(started by somebody else)\n" if name not in stamps else "(what it reads changed)\n"
        pairs.append(("restart", why))
    elif runs and wanted["reload_reads"] and is_stale(stamps, fresh, reload_key(name)):
        # Whoever else may start it: it is not stale if that was after the files were written.
        unchanged = fresh_stamps(machine, wanted, {}) == fresh
        if not (unchanged and started_after(machine, state, wanted["reload_reads"])):
            pairs.append(("reload", "(what it reads changed)\n"))
    return pairs


# --- look -------------------------------------------------------------------------------------------------------------


def differences(machine: Machine, resources: list[Data]) -> Changes:
    """Everything in which the host differs from `resources`, in their order."""
    found: Changes = []
    missing = set(packages_missing([r["name"] for r in resources if r["kind"] == "package"]))
    units = [r for r in resources if r["kind"] == "unit"]
    states = unit_states([r["name"] for r in units])
    stamps, will_be = read_stamps(machine), contents(machine, resources)
    for index, wanted in enumerate(resources):
        kind = wanted["kind"]
        if kind == "package":
            pairs: Pairs = [("create", "")] if wanted["name"] in missing else []
        elif kind == "unit":
            pairs = see_unit(machine, wanted, states[wanted["name"]], stamps, will_be)
        elif kind in SEE:
            pairs = SEE[kind](machine, wanted)
        else:
            raise Refusal(f"unknown kind of resource: {kind}")
        subject = wanted[SUBJECT.get(kind, "path")]
        for action, diff in pairs:
            found.append({"index": index, "kind": kind, "subject": subject, "action": action, "diff": diff})
    own: list[tuple[str, str, str]] = []
    if os.path.lexists(machine.at(RELOAD)) or any(s.get("NeedDaemonReload") == "yes" for s in states.values()):
        own.append(("systemd", "unit files", "reload"))
    if machine.read(POLICY) == POLICY_TEXT or os.path.lexists(machine.at(POLICY_SAVED)):
        own.append(("file", POLICY, "remove"))
    found.extend({"index": None, "kind": k, "subject": s, "action": a, "diff": ""} for k, s, a in own)
    return found


def look(machine: Machine, request: Data, line: Line) -> Data:
    began = time.monotonic()
    checks: dict[str, Data] = request["checks"]
    seen: dict[str, Data] = {}

    def ask(name: str) -> None:
        seen[name] = evaluate(checks[name], float(request["limit"]))

    asking = [threading.Thread(target=ask, args=(name,), daemon=True) for name in checks]
    for thread in asking:
        thread.start()
    changes = differences(machine, request["resources"])
    for thread in asking:
        thread.join()
    return {"changes": changes, "checks": seen, "seconds": round(time.monotonic() - began, 3)}


# --- write ------------------------------------------------------------------------------------------------------------


def install(machine: Machine, names: list[str], line: Line) -> None:
    """Install packages with nothing started by itself; ends what an interrupted dpkg left."""
    if machine.read(POLICY) not in (None, POLICY_TEXT):
        os.replace(machine.at(POLICY), machine.at(POLICY_SAVED))
    machine.put(POLICY, POLICY_TEXT, 0o755)
    apt = ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=120", "-o", "Dpkg::Options::=--force-confold"]
    try:
        with line.beating(lambda: "installing {}".format(", ".join(names))):
            machine.tool("dpkg", "--configure", "-a", "--force-confold", timeout=900)
            ran = execute([*apt, "install", "--no-install-recommends", "--", *names], timeout=1800)
            if ran.exit:
                # Most often there is no package index yet, or an old one.
                machine.tool(*apt, "update", timeout=300)
                ran = execute([*apt, "install", "--no-install-recommends", "--", *names], timeout=1800)
    finally:
        allow_starts(machine)
    if ran.exit != 0:
        raise Refusal("apt-get install {}: {}".format(" ".join(names), ran.said() or "no end after 1800 s"))


def allow_starts(machine: Machine) -> None:
    """Take back our policy-rc.d; the one that was there before returns."""
    if os.path.lexists(machine.at(POLICY_SAVED)):
        os.replace(machine.at(POLICY_SAVED), machine.at(POLICY))
    elif machine.read(POLICY) == POLICY_TEXT:
        machine.remove(POLICY)


def ids_of(machine: Machine, wanted: Data) -> tuple[int, int] | None:
    ids = machine.owner(wanted["owner"], wanted["group"])
    if ids is None and os.geteuid() == 0:
        raise Refusal("there is no user {owner} or no group {group}".format(**wanted))
    return ids


def do_file(machine: Machine, wanted: Data) -> None:
    if wanted["once"] and os.path.lexists(machine.at(wanted["path"])):
        machine.remove(unfinished(wanted["path"]))
    else:
        machine.put(wanted["path"], wanted["content"].encode(), wanted["mode"], ids_of(machine, wanted))


def do_directory(machine: Machine, wanted: Data) -> None:
    path = machine.at(wanted["path"])
    ids = ids_of(machine, wanted)
    # Not yet open to others: its owner comes before its mode.
    os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
    if not os.path.isdir(path):
        os.mkdir(path, 0o700)
    if ids is not None and os.geteuid() == 0:
        os.chown(path, ids[0], ids[1])
    os.chmod(path, wanted["mode"])
    machine.written[os.path.dirname(path)] = None


def do_link(machine: Machine, wanted: Data) -> None:
    machine.link(wanted["path"], wanted["target"])


def do_absent(machine: Machine, wanted: Data) -> None:
    machine.remove(wanted["path"])


def do_sysctl(machine: Machine, wanted: Data) -> None:
    live, boot, content = sysctl_paths(wanted)
    if not os.path.exists(machine.at(live)):
        raise Refusal("this kernel has no such setting")
    with open(machine.at(live), "w") as file:
        file.write(wanted["value"])
    machine.put(boot, content)


def do_mount(machine: Machine, wanted: Data) -> None:
    path, now = wanted["path"], mounted(machine, wanted["path"])
    if now is not None and now != wanted["fstype"]:
        raise Refusal(f"a {now} is mounted there: unmount it")
    os.makedirs(machine.at(path), 0o755, exist_ok=True)
    if now is None:
        machine.tool("mount", "-t", wanted["fstype"], "-o", wanted["options"], wanted["source"], machine.at(path))
    else:
        machine.tool("mount", "-o", "remount," + wanted["options"], machine.at(path))
    # The table last: a run killed before it sees the difference again.
    _, others = table_of(machine, path)
    machine.put("/etc/fstab", "".join(line + "\n" for line in [*others, table_line(wanted)]).encode())


def do_user(machine: Machine, wanted: Data) -> None:
    prefix = ["--prefix", machine.root] if machine.root else []
    for group in wanted["groups"]:
        if group not in machine.accounts("group"):
            machine.tool("groupadd", *prefix, "--system", group)
    if wanted["name"] not in machine.accounts("passwd"):
        options = ["--system", "--no-create-home", "--home-dir", wanted["home"], "--shell", wanted["shell"]]
        own = ["--gid", wanted["name"]] if wanted["name"] in machine.accounts("group") else ["--user-group"]
        machine.tool("useradd", *prefix, *options, *own, wanted["name"])
    if wanted["groups"]:
        machine.tool("usermod", *prefix, "--append", "--groups", ",".join(wanted["groups"]), wanted["name"])


DO: dict[str, Callable[[Machine, Data], None]] = {
    "user": do_user,
    "absent": do_absent,
    "directory": do_directory,
    "file": do_file,
    "link": do_link,
    "sysctl": do_sysctl,
    "mount": do_mount,
}
"""In the order in which kinds are done."""


def write(machine: Machine, request: Data, line: Line) -> Data:
    with machine.lock("write", line):
        return write_locked(machine, request["resources"], line)


def write_locked(machine: Machine, resources: list[Data], line: Line) -> Data:
    found = differences(machine, resources)
    did = [change for change in found if not is_move(change)]
    if not did:
        return {"did": [], "left": found}
    changed = [c for c in did if is_unit(c) or c["subject"].startswith(("/etc/systemd/", "/usr/lib/systemd/"))]
    if changed:
        machine.put(RELOAD, b"")
    # Masks come before packages: what a package brings must find its mask.
    for change in changed:
        if change["action"] == "mask":
            own = "{}/{}".format(UNITS, change["subject"])
            if os.path.exists(machine.at(own)) and not os.path.islink(machine.at(own)):
                raise Refusal(f"cannot mask {own}: there is a unit file of that name; remove it")
            machine.link(own, "/dev/null")
        elif change["action"] == "unmask":
            machine.remove("{}/{}".format(UNITS, change["subject"]))
    missing = [change["subject"] for change in did if change["kind"] == "package"]
    if missing:
        install(machine, missing, line)
    if any(change["index"] is None and change["subject"] == POLICY for change in did):
        allow_starts(machine)
    unmasked = any(change["action"] == "unmask" for change in changed)
    if unmasked:
        machine.tool("systemctl", "daemon-reload", timeout=90)
    # A new package brings files, folders and users, and a mask hid whether its unit is enabled: look again.
    again = differences(machine, resources) if missing or unmasked else did
    for kind, do in DO.items():
        todo: list[Data] = [c for c in again if c["kind"] == kind and c["index"] is not None]
        if kind == "directory":
            # A folder comes before those in it.
            todo.sort(key=lambda c: str(c["subject"]))
        for change in todo:
            try:
                do(machine, resources[int(change["index"])])
            except Refusal as error:
                raise Refusal("{} {}: {}".format(kind, change["subject"], error)) from None
            except OSError as error:
                raise Refusal("{} {}: {}".format(kind, change["subject"], error.strerror)) from error
    machine.settle()
    set_enabled(machine, [c for c in again if is_unit(c)])
    if os.path.lexists(machine.at(RELOAD)) or any(c["kind"] == "systemd" for c in again):
        machine.tool("systemctl", "daemon-reload", timeout=90)
        machine.remove(RELOAD)
    left = differences(machine, resources)
    stuck = ["{action} {kind} {subject}".format(**change) for change in left if not is_move(change)]
    if stuck:
        hint = ""
        if any(is_unit(change) and not is_move(change) for change in left):
            hint = " (a unit without [Install], or an init script? Leave its enabling as it is, or mask it.)"
        raise Refusal("still to do after writing: {}{}".format(", ".join(stuck), hint))
    return {"did": did, "left": left}


def subject_of(change: Data) -> str:
    return str(change["subject"])


def is_unit(change: Data) -> bool:
    return change["kind"] == "unit"


def is_move(change: Data) -> bool:
    """A start or a stop: not for `write` but for `units`."""
    return is_unit(change) and change["action"] in MOVES


def set_enabled(machine: Machine, changes: Changes) -> None:
    for action in ("disable", "enable"):
        names = [change["subject"] for change in changes if change["action"] == action]
        if names:
            machine.tool("systemctl", action, "--no-reload", "--quiet", "--", *names, timeout=90)


# --- units: start, restart, reload, stop ------------------------------------------------------------------------------


def units(machine: Machine, request: Data, line: Line) -> Data:
    """Each of `units` is {name, action, reads, reload_reads}. `did` says what became of each: the action; `already`
    when there was nothing to do; `stale` when a start found it running with older files, which only a restart may
    change."""
    wanted: list[Data] = request["units"]
    timeout = float(request["timeout"])
    with contextlib.ExitStack() as stack:
        for unit in sorted(wanted, key=lambda unit: unit["name"]):
            stack.enter_context(machine.lock("unit " + unit["name"], line))
        states, stamps = unit_states([unit["name"] for unit in wanted]), read_stamps(machine)
        did: dict[str, str] = {}
        fresh: dict[str, dict[str, str]] = {}
        failed: list[Data] = []
        for unit in wanted:
            name = unit["name"]
            # A reload reads only some files again.
            reads = fresh_stamps(machine, unit, {})
            fresh[name] = {key: reads[key] for key in reads if unit["action"] != "reload" or key == reload_key(name)}
            old = any(is_stale(stamps, reads, key) for key in fresh[name])
            did[name] = unit_move(machine, unit, states[name], not old)
        # It was started after the files were written, by a step perhaps: its stamp only is missing.
        keep_stamps(machine, stamps, [fresh[name] for name in did if did[name] == "already"], line)
        for action in MOVES:
            names = [name for name, move in did.items() if move == action]
            if not names:
                continue
            broken = [name for name in names if states[name].get("ActiveState") == "failed"]
            if broken and action != "stop":
                execute(["systemctl", "reset-failed", "--", *broken], timeout=30)
            with line.beating(lambda a=action, n=names: "{} {}".format(a, " ".join(n))):
                ran = execute(["systemctl", action, "--", *names], timeout=timeout)
            bad = unit_failures(names, action, ran)
            failed += [told(name, action, ran, timeout) for name in bad]
            if action != "stop":
                keep_stamps(machine, stamps, [fresh[name] for name in names if name not in bad], line)
    return {"did": did, "failed": failed}


def unit_move(machine: Machine, unit: Data, state: dict[str, str], is_fresh: bool) -> str:
    active, action = state.get("ActiveState", "inactive"), unit["action"]
    reads: list[str] = [*unit["reads"], *unit["reload_reads"]]
    runs = active in RUNNING
    if action == "stop":
        return "stop" if runs else "already"
    if action == "reload":
        return "already" if is_fresh or not runs else "reload"
    if not runs:
        return "start"
    if active == "activating":
        # Join a start under way, unless it began with older files.
        return "start" if started_after(machine, state, reads) else "restart"
    if is_fresh or (action == "start" and started_after(machine, state, reads)):
        return "already"
    return "stale" if action == "start" else "restart"


def unit_failures(names: list[str], action: str, ran: Ran) -> list[str]:
    states = unit_states(names)
    if action == "stop":
        return [name for name in names if states[name].get("ActiveState") in RUNNING]
    down = [name for name in names if states[name].get("ActiveState") not in RUNNING]
    if ran.exit == 0 or down:
        return down
    # Not down and yet an error: a failed reload, or a start that has not ended within its bound.
    return names


def told(name: str, action: str, ran: Ran, timeout: float) -> Data:
    if ran.exit is None:
        said = f"no end after {timeout:g} s"
    elif ran.exit == 0:
        said = "it ended at once"
    else:
        said = ran.said()
    journal = execute(["journalctl", "-u", name, "-n", "20", "--no-pager", "-o", "cat"], timeout=15)
    return {"name": name, "action": action, "said": said, "journal": journal.out.splitlines()[-20:]}


def keep_stamps(machine: Machine, had: dict[str, str], read: list[dict[str, str]], line: Line) -> None:
    """Write down what units have read; `had` are the stamps as they were."""
    new = {key: value for stamps in read for key, value in stamps.items() if had.get(key) != value}
    if new:
        with machine.lock("stamps", line):
            machine.put(
                STAMPS, (json.dumps({**read_stamps(machine), **new}, indent=1, sort_keys=True) + "\n").encode(), 0o600
            )
            machine.settle()


# --- checks -----------------------------------------------------------------------------------------------------------


def evaluate(check: Data, limit: float = 3600.0) -> Data:
    """{ok, seen, seconds}; never raises, never longer than the check's own timeout or `limit`."""
    began = time.monotonic()
    timeout = max(0.1, min(float(check["timeout"]), limit))
    try:
        ok, seen = CHECKS[check["kind"]](check, timeout)
    except (OSError, ValueError) as error:
        # ssl.SSLError and socket.timeout are OSErrors.
        ok, seen = False, str(error) or type(error).__name__
    return {"ok": ok, "seen": seen, "seconds": round(time.monotonic() - began, 3)}


def check_tcp(check: Data, timeout: float) -> tuple[bool, str]:
    with socket.create_connection((check["address"], check["port"]), timeout):
        return True, "connected"


def check_tls(check: Data, timeout: float) -> tuple[bool, str]:
    import ssl

    context = ssl.create_default_context()
    if check["own"]:
        context.load_cert_chain(check["own"])
    with (
        socket.create_connection((check["address"], check["port"]), timeout) as link,
        context.wrap_socket(link, server_hostname=check["address"]) as secure,
    ):
        shown: Any = secure.getpeercert()
    return True, json.dumps({"not_after": ssl.cert_time_to_seconds(shown["notAfter"]), "serial": shown["serialNumber"]})


def check_command(check: Data, timeout: float) -> tuple[bool, str]:
    ran = execute(list(check["argv"]), check["stdin"], timeout)
    seen = "" if check["secret"] else ran.out[:SEEN]
    if not seen and not check["secret"] and ran.exit != 0:
        seen = f"no end after {timeout:g} s" if ran.exit is None else ran.said() or f"exit {ran.exit}"
    return ran.exit == 0, seen


def check_http(check: Data, timeout: float) -> tuple[bool, str]:
    from urllib.parse import urlsplit

    deadline = time.monotonic() + timeout
    url = urlsplit(str(check["url"]))
    secure = url.scheme == "https"
    host = url.hostname or ""
    with contextlib.ExitStack() as stack:
        link: socket.socket = stack.enter_context(
            socket.create_connection((host, url.port or (443 if secure else 80)), timeout)
        )
        if secure:
            import ssl

            link = stack.enter_context(ssl.create_default_context().wrap_socket(link, server_hostname=host))
        target = (url.path or "/") + ("?" + url.query if url.query else "")
        request = "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: nines\r\nAccept: */*\r\nConnection: close\r\n\r\n"
        link.sendall(request.format(target, url.netloc.rsplit("@", 1)[-1]).encode())
        answer = b""
        while len(answer) < 2048:
            left = deadline - time.monotonic()
            if left <= 0:
                raise OSError("timed out")
            link.settimeout(left)
            part = link.recv(2048)
            answer += part
            if not part or (b"\r\n" in answer and status_of(answer) in check["status"]):
                break
    if not answer:
        raise OSError("the server closed the connection without an answer")
    first, _, body = answer.decode(errors="replace").partition("\r\n")
    if status_of(answer) in check["status"]:
        return True, first
    return False, "{} {}".format(first, " ".join(body.partition("\r\n\r\n")[2].split())[:300]).strip()


def status_of(answer: bytes) -> int:
    words = answer.split(b"\r\n", 1)[0].split()
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0


CHECKS: dict[str, Callable[[Data, float], tuple[bool, str]]] = {
    "http": check_http,
    "tcp": check_tcp,
    "tls": check_tls,
    "command": check_command,
}


# --- wait and run -----------------------------------------------------------------------------------------------------


def wait_for(check: Data, bound: float, line: Line) -> Data:
    """Evaluate until it holds or `bound` seconds are over. Gives up early only when nobody reads any more."""
    began = time.monotonic()
    last: Data = {"ok": False, "seen": "", "seconds": 0.0}
    pause = 0.1
    with line.beating(lambda: str(last["seen"])[:500]):
        while True:
            last = evaluate(check, max(0.5, bound - (time.monotonic() - began)))
            spent = time.monotonic() - began
            if last["ok"] or spent >= bound or line.gone:
                return {"ok": last["ok"], "seen": last["seen"], "seconds": round(spent, 3)}
            time.sleep(min(pause, bound - spent))
            pause = min(0.5, pause * 1.5)


def wait(machine: Machine, request: Data, line: Line) -> Data:
    return wait_for(request["check"], float(request["bound"]), line)


def run(machine: Machine, request: Data, line: Line) -> Data:
    """A step. The lock keeps a repeated run from doing it beside the run that was killed."""
    command, done = request["command"], request["done"]
    with machine.lock("step " + request["name"], line):
        first = evaluate(done)
        if first["ok"]:
            return {"skipped": True, "exit": 0, "stdout": "", "stderr": "", "seconds": 0.0, "done": first}
        began = time.monotonic()
        with line.beating(lambda: "running"):
            ran = execute(list(command["argv"]), command["stdin"], float(command["timeout"]))
        seconds = round(time.monotonic() - began, 3)
        # A run that failed halfway last time may fail now because all is there: the check decides.
        after = wait_for(done, float(request["bound"]), line) if ran.exit == 0 else evaluate(done)
        out, err = ("(secret)", "(secret)") if command["secret"] else (ran.out[-TAIL:], ran.err[-TAIL:])
        return {"skipped": False, "exit": ran.exit, "stdout": out, "stderr": err, "seconds": seconds, "done": after}


OPERATIONS: dict[str, Callable[[Machine, Data, Line], Data]] = {
    "look": look,
    "write": write,
    "units": units,
    "wait": wait,
    "run": run,
}


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
        line.say({"error": str(error)})
    except Exception as error:
        where = error.__traceback__
        while where is not None and where.tb_next is not None:
            where = where.tb_next
        number = where.tb_lineno if where is not None else 0
        line.say({"error": f"the agent failed: {type(error).__name__}: {error} (line {number})"})
    # Threads that still wait for a silent peer must not hold up the answer.
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
