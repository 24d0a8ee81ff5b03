"""Keeps one Galera member: when it may start, whether it may serve, how it leaves. One copy runs on each member.

    galera_rule.py + galera_member.py serve     keeps answering on port 9200; run by galera-member.service
                                      start     run by mariadb.service before mariadbd: returns when starting is safe
                                      leave     run by mariadb.service before mariadbd is stopped: returns when its
                                                clients have moved

Port 9200 answers HAProxy and the other members:

    GET /        200 while this member is Synced (or a donor) in the primary component and not about to leave,
                 else 503; the body says why
    GET /state   JSON, see `State`

Who may found the cluster, and what a member that has lost it is told, says `galera_rule.py`.
"""

import contextlib
import http.server
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from fournines.services.onhost.galera_rule import NO_HISTORY, SHUT_DOWN, State, cure, decide, stranded

CONFIG = "/etc/fournines/galera-member.json"
POSITION = "/run/mysqld/galera-position.json"
GRASTATE = "/var/lib/mysql/grastate.dat"
VIEW = "/var/lib/mysql/gvwstate.dat"
"""Galera's own: the last primary component that this member was in."""
ENVIRONMENT = "/run/mysqld/galera-start.env"
UNIT = "mariadb.service"
LEAVING = "/run/mysqld/galera-leaving"
OUT = "/run/fournines-outlier"
"""There while this host has taken itself out of service: it loses packets (`outlier.py`)."""
PORT = 9200
PATIENCE = 10.0
"""Seconds for which a running member that has lost its component is left to Galera, before `cure`."""
STRANDED = 30.0
"""Seconds for which nobody was there to be joined before a member that joins is ended: it may be taking a full copy."""
NOTICE = 2.0
"""Seconds within which every proxy has asked twice and moved on, with its sessions."""
FAREWELL = 15.0
"""Seconds at most, after that, until a leaving member's clients are gone."""


def _config() -> tuple[str, str, dict[str, str]]:
    """(own name, own address, all members' addresses by name, in order of preference)."""
    with open(CONFIG, encoding="utf-8") as file:
        config = json.load(file)
    return config["name"], config["members"][config["name"]], config["members"]


def ask(address: str, timeout: float = 1.0) -> State | None:
    """What the member at that address says of itself; None when it does not answer in time."""
    try:
        with urllib.request.urlopen(f"http://{address}:{PORT}/state", timeout=timeout) as answer:
            said = json.load(answer)
        # A member of a newer version may tell more.
        return State(**{key: value for key, value in said.items() if key in State.__dataclass_fields__})
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def ask_all(members: dict[str, str], name: str, mine: State) -> dict[str, State | None]:
    """Everybody's state, asked at the same time."""
    states: dict[str, State | None] = {name: mine}

    def one(other: str, address: str) -> None:
        states[other] = ask(address)

    threads = [threading.Thread(target=one, args=item) for item in members.items() if item[0] != name]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {other: states.get(other) for other in members}


def read_grastate(text: str) -> tuple[str, int | None]:
    """(uuid, seqno) of a grastate.dat; seqno None after a crash, when only InnoDB knows it."""
    uuid = re.search(r"^uuid:\s*(\S+)", text, re.M)
    seqno = re.search(r"^seqno:\s*(-?\d+)", text, re.M)
    history = uuid.group(1) if uuid else NO_HISTORY
    number = int(seqno.group(1)) if seqno else -1
    if history == NO_HISTORY:
        return NO_HISTORY, -1
    return history, number if number >= 0 else None


def read_view(text: str) -> str:
    """Id of the primary component in a gvwstate.dat; empty when there is none."""
    found = re.search(r"^view_id:\s*(\S.*\S)\s*$", text, re.M)
    return found.group(1) if found else ""


def recover() -> tuple[str, int]:
    """The position that this member's data holds. Raises RuntimeError when mariadbd cannot tell."""
    try:
        with open(GRASTATE, encoding="utf-8") as file:
            uuid, seqno = read_grastate(file.read())
    except FileNotFoundError:
        return NO_HISTORY, -1
    if seqno is not None:
        return uuid, seqno
    done = subprocess.run(
        ["/usr/sbin/mariadbd", "--wsrep-recover", "--log-error=/dev/stderr", "--user=mysql"],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=300,
        check=False,
    )
    found = re.findall(r"Recovered position:?\s*([0-9a-f-]{36}):(-?\d+)", done.stderr + done.stdout)
    if not found:
        raise RuntimeError("mariadbd --wsrep-recover told no position: " + (done.stderr + done.stdout)[-500:])
    return found[-1][0], int(found[-1][1])


def _write(path: str, text: str) -> None:
    temporary = path + ".new"
    with open(temporary, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def start() -> int:
    """Wait until this member may start; leave in ENVIRONMENT how. Run as the user mysql."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(LEAVING)
    name, _, members = _config()
    uuid, seqno = recover()
    mine = State(name, "waiting", uuid, seqno)
    last = ""
    while True:
        _write(POSITION, json.dumps({**asdict(mine), "awaits": last}))
        states = ask_all(members, name, mine)
        decision = decide(name, list(members), states)
        if decision.why != last:
            print(f"{decision.verb}: {decision.why}", flush=True)
            last = decision.why
        if decision.verb == "wait":
            time.sleep(0.25)
            continue
        found = decision.verb == "found"
        if found and os.path.exists(GRASTATE):
            with open(GRASTATE, encoding="utf-8") as file:
                text = re.sub(r"^safe_to_bootstrap:.*$", "safe_to_bootstrap: 1", file.read(), flags=re.M)
            _write(GRASTATE, text)
        _write(POSITION, json.dumps(asdict(State(name, "starting", uuid, seqno, founds=found))))
        # Without its recovered position a crashed member would take a full copy instead of what it missed.
        options = [f"--wsrep-start-position={uuid}:{seqno}"] if seqno >= 0 else []
        options += ["--wsrep-new-cluster"] if found else []
        _write(ENVIRONMENT, f"GALERA_OPTIONS={' '.join(options)}\n")
        return 0


def clients(lines: Iterable[str], address: str) -> int:
    """How many connections of clients this member has, in the lines of /proc/net/tcp."""
    local = f"{int.from_bytes(socket.inet_aton(address), sys.byteorder):08X}:{3306:04X}"
    return sum(fields[1] == local and fields[3] == "01" for fields in map(str.split, lines))


def leave() -> int:
    """Let the proxies move to another member while this one still serves: nobody is refused, and nobody waits."""
    name, address, members = _config()
    # A member that has died has nobody to let go.
    if "MAINPID" not in os.environ:
        return 0
    if os.path.exists(OUT):
        # Every commit waits for this member's word, so each second that it stays costs all the others one.
        _write(LEAVING, "")
        return 0
    others = ask_all(members, name, State(name, "down"))
    if not any(state and state.ready and state.status == "Primary" for state in others.values()):
        print("no other member serves: nobody to leave the clients to", flush=True)
        return 0
    _write(LEAVING, "")
    time.sleep(NOTICE)
    end = time.monotonic() + FAREWELL
    while True:
        with open("/proc/net/tcp", encoding="ascii") as file:
            left = clients(file, address)
        if not left:
            return 0
        if time.monotonic() >= end:
            print(f"{left} clients are still here after {FAREWELL:g} s", flush=True)
            return 0
        time.sleep(0.1)


class Watch:
    """Asks the local mariadbd how it is, again and again, on one connection."""

    def __init__(self, name: str, members: dict[str, str]) -> None:
        self._name = name
        self._members = members
        self._orphan_since: float | None = None
        self._stranded_since: float | None = None
        self._next_look = 0.0
        self._needs = 0
        self._seen: dict[str, str] = {}
        self._view = ""
        self._seen_at = 0.0
        self._error = "not asked yet"
        self._connection: Any = None

    def forever(self) -> None:
        import pymysql

        while True:
            self._once()
            # A server that refuses is asked again after PATIENCE: whoever watches must not end.
            try:
                self._mend()
                self._end_stranded()
            except (pymysql.MySQLError, OSError, subprocess.SubprocessError, ValueError) as error:
                print(f"mend: {error}", flush=True)
            time.sleep(0.3)

    def _mend(self) -> None:
        """Bring this running member, which is in no primary component, back into one, when the rule lets it."""
        state = self.state()
        if state.phase != "running" or (state.status == "Primary" and state.size >= self._needs):
            self._needs = 0
        if self._needs and state.status == "Primary" and self._connection is not None:
            self._tell(SHUT_DOWN, "it founded a component without those that it needs; shut down")
            return
        if state.phase != "running" or state.status == "Primary" or self._connection is None or os.path.exists(LEAVING):
            self._orphan_since = None
            return
        now = time.monotonic()
        if self._orphan_since is None:
            self._orphan_since = now
        if now - self._orphan_since < PATIENCE:
            return
        decision = decide(self._name, list(self._members), ask_all(self._members, self._name, state))
        found = cure(state, decision)
        if found and self.state().status != "Primary":
            self._orphan_since = None
            self._needs = decision.needs
            self._tell(*found)

    def _end_stranded(self) -> None:
        """End this member's process when it waits to be taken in by a group that is no more. It serves nobody yet, and
        answers no SQL. Nobody is asked but once a second."""
        state, now = self.state(), time.monotonic()
        if state.phase != "starting" or state.founds:
            self._stranded_since = None
            return
        if now < self._next_look:
            return
        self._next_look = now + 1
        if not stranded(self._name, ask_all(self._members, self._name, state)):
            self._stranded_since = None
        elif self._stranded_since is None:
            self._stranded_since = now
        elif now - self._stranded_since >= STRANDED:
            self._stranded_since = None
            show = ["systemctl", "show", "--property=MainPID", "--value", UNIT]
            pid = int(subprocess.run(show, capture_output=True, text=True, timeout=10, check=True).stdout)
            if pid and self.state().phase == "starting":
                print("end: it joins, and nobody is in a primary component", flush=True)
                os.kill(pid, signal.SIGKILL)

    def _tell(self, statements: Sequence[str], why: str) -> None:
        print(f"mend: {why}", flush=True)
        with self._connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def _once(self) -> None:
        import pymysql

        try:
            if self._connection is None:
                self._connection = pymysql.connect(
                    unix_socket="/run/mysqld/mysqld.sock",
                    user="mysql",
                    connect_timeout=1,
                    read_timeout=2,
                    write_timeout=2,
                    autocommit=True,
                )
            with self._connection.cursor() as cursor:
                cursor.execute(
                    "SHOW GLOBAL STATUS WHERE variable_name IN ('wsrep_local_state', 'wsrep_local_state_comment',"
                    " 'wsrep_ready', 'wsrep_cluster_status', 'wsrep_cluster_state_uuid', 'wsrep_last_committed',"
                    " 'wsrep_cluster_size')"
                )
                self._view = self._last_view()
                self._seen = {str(key): str(value) for key, value in cursor.fetchall()}
                self._seen_at = time.monotonic()
        except (pymysql.MySQLError, OSError) as error:
            self._error = str(error)[:200]
            if self._connection is not None:
                with contextlib.suppress(pymysql.MySQLError, OSError):
                    self._connection.close()
            self._connection = None

    def _last_view(self) -> str:
        try:
            with open(VIEW, encoding="utf-8") as file:
                return read_view(file.read())
        except FileNotFoundError:
            return ""

    def state(self) -> State:
        """Fresh within two seconds: what is older counts as not running."""
        seen = self._seen
        if seen and time.monotonic() - self._seen_at < 2:
            seqno = int(seen.get("wsrep_last_committed", "-1"))
            return State(
                self._name,
                "running",
                seen.get("wsrep_cluster_state_uuid", NO_HISTORY) or NO_HISTORY,
                seqno,
                seen.get("wsrep_cluster_status"),
                seen.get("wsrep_local_state_comment", ""),
                seen.get("wsrep_ready") == "ON",
                view=self._view,
                size=int(seen.get("wsrep_cluster_size", "0")),
            )
        try:
            with open(POSITION, encoding="utf-8") as file:
                return State(**json.load(file))
        except (OSError, ValueError, TypeError):
            return State(self._name, "down", awaits=self._error)

    def serving(self) -> tuple[bool, str]:
        state = self.state()
        good = state.phase == "running" and state.status == "Primary" and state.ready
        good = good and state.state in ("Synced", "Donor/Desynced")
        if good and os.path.exists(LEAVING):
            return False, "about to leave"
        if good and self._needs:
            return False, "has founded a component and not yet seen who is in it"
        why = f"{state.phase} {state.status or ''} {state.state}".strip()
        return good, why + (f": {state.awaits}" if state.awaits else "")


def serve() -> int:
    """Answer on port 9200 for ever. Run as the user mysql, which mariadbd knows by its socket."""
    name, address, members = _config()
    watch = Watch(name, members)
    threading.Thread(target=watch.forever, daemon=True).start()

    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = 2

        def do_GET(self) -> None:
            if self.path == "/state":
                code, body = 200, json.dumps(asdict(watch.state()))
            else:
                good, body = watch.serving()
                code = 200 if good else 503
            data = body.encode() + b"\n"
            # Who asked may have gone: HAProxy resets a check that takes too long.
            with contextlib.suppress(ConnectionError):
                self.send_response(code)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(http.server.ThreadingHTTPServer):
        request_queue_size = 64
        daemon_threads = True

    Server((address, PORT), Handler).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit({"start": start, "leave": leave, "serve": serve}[sys.argv[1]]())
