"""Brings guests back whose compute host is gone, and those that crashed. Pacemaker runs one copy in the cluster.

    instance_ha_rule.py + instance_ha_apis.py + instance_ha.py run|check

    run      by instance-ha.service
    check    exit 0: on this host it either runs and looks, or is not to run; prints what it last saw

It asks every compute host once a second; `decide` says what is to be done. Where the cloud has Masakari, `move` means
that its engine is told to; what that leaves behind in the end is moved from here.

All that must outlive this program is kept by others: by Nova's `forced_down` its next copy knows whom it must not let
in without more ado. Killed in the middle, that copy fences again, which costs a host that is off nothing, and goes on.
"""

import hmac
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

from fournines.services.onhost.instance_ha_apis import AskError, Masakari, Nova, Turn
from fournines.services.onhost.instance_ha_rule import MAINTAINED, Action, Compute, decide

CONFIG = "/etc/fournines/instance-ha.json"
STATE = "/run/instance-ha/state.json"
PORT = 9201
BARRED_S = 30 * 86400
"""For which Ceph refuses a host that nobody admits."""
FRESH_S = 15.0
CALM_S = 5.0
"""Nova is not asked more often than this while every host is well."""
DOUBT = 2
"""Answers on end that did not come, after which a host may be about to fall silent."""
RETRY_S = 20.0
"""Between two tries to move, or to start, the same guest."""
_MOVABLE = ("active", "stopped", "error")


def proof(secret: str, boot: str, guests: Iterable[str]) -> str:
    """By which a host knows who admits it. `compute_agent.py`, which is another program, makes it alike."""
    return hmac.new(secret.encode(), " ".join(["admit", boot, *guests]).encode(), "sha256").hexdigest()


@dataclass
class Watch:
    """What is known of one host from asking it."""

    address: str
    missed: int = 0
    """Answers on end that did not come."""
    said: dict[str, Any] | None = None
    """Its last answer."""
    fenced: bool = False


@dataclass
class Program:
    """Everything with effects."""

    config: dict[str, Any]
    nova: Nova = field(init=False)
    hosts: dict[str, Watch] = field(init=False)
    busy: set[str] = field(default_factory=set[str])
    """Hosts that something is done to in a thread."""
    tried: dict[str, float] = field(default_factory=dict[str, float])
    """Guest -> when it was last tried to move or start it."""
    told: dict[str, str] = field(default_factory=dict[str, str])
    masakari: Masakari | None = None
    turns: dict[str, Turn] = field(default_factory=dict[str, Turn])
    """Barred host with guests -> where Masakari is with it."""
    unknown: dict[str, str] = field(default_factory=dict[str, str])
    """Such a host of which that is not known -> why."""
    spent: set[str] = field(default_factory=set[str])
    """Hosts that Masakari may still have for lost."""
    rearmed: float = -CALM_S
    trouble: str = ""
    """With doing so."""
    seen: list[Compute] = field(default_factory=list[Compute])
    asked: float = -CALM_S

    def __post_init__(self) -> None:
        self.nova = Nova(self.config, self.config["nova"])
        if url := self.config["masakari"]:
            self.masakari = Masakari(self.config, url)
            self.spent = set(self.config["hosts"])
        self.hosts = {name: Watch(address) for name, address in self.config["hosts"].items()}

    def forever(self) -> None:
        interval = float(self.config["interval"])
        with ThreadPoolExecutor(min(64, len(self.hosts))) as pool:
            while True:
                began = time.monotonic()
                list(pool.map(self._look, self.hosts.values()))
                problem = ""
                actions: list[Action] = []
                computes: list[Compute] = []
                try:
                    computes = self._seen()
                    actions = decide(computes, int(self.config["most"]))
                    for action in actions:
                        self.carry_out(action, next(each for each in computes if each.name == action.host))
                    self._start_crashed()
                except (AskError, RuntimeError) as error:
                    problem = str(error)
                self.rearm()
                self._tell(actions, problem)
                waits = {action.host: action.why for action in actions if action.verb == "wait"} | self.unknown
                _write(STATE, {"hosts": [asdict(each) for each in computes], "problem": problem, "waits": waits})
                time.sleep(max(0.0, began + interval - time.monotonic()))

    def _look(self, watch: Watch) -> None:
        try:
            with urllib.request.urlopen(
                f"http://{watch.address}:{PORT}/", timeout=float(self.config["timeout"])
            ) as answer:
                watch.said, watch.missed, watch.fenced = json.load(answer), 0, False
        except (OSError, ValueError):
            watch.missed += 1

    def _seen(self) -> list[Compute]:
        """Raises AskError. A host that was neither heard nor missed often enough does not count yet; nor does a silent
        one of which Nova never knew, for it has no guests."""
        heard = all(each.missed == 0 and each.said and each.said["admitted"] for each in self.hosts.values())
        well = (
            heard and len(self.seen) == len(self.hosts) and all(each.admitted and not each.barred for each in self.seen)
        )
        if well and time.monotonic() - self.asked < CALM_S:
            return self.seen
        self.asked = time.monotonic()
        fall = int(self.config["fall"])
        services = self.nova.services()
        self.seen = [
            self.compute(name, watch, services.get(name))
            for name, watch in self.hosts.items()
            if (watch.missed >= fall or watch.said is not None) and (watch.missed < fall or name in services)
        ]
        return self.seen

    def compute(self, name: str, watch: Watch, service: dict[str, Any] | None) -> Compute:
        if name in self.busy:
            return Compute(name, answers=False, fencing=True)
        self.unknown.pop(name, None)
        answers = watch.missed < int(self.config["fall"])
        doubtful = answers and watch.missed >= DOUBT
        said = (watch.said or {}) if answers else {}
        barred = bool(service and service["forced_down"])
        reason = (service or {}).get("disabled_reason") or ""
        maintained = bool(service and service["status"] == "disabled" and reason.startswith(MAINTAINED))
        admitted = bool(said.get("admitted"))
        if answers and admitted and not barred:
            return Compute(name, answers, doubtful, maintained=maintained)
        guests = self.nova.guests(name) if barred else []
        moving = tuple(each["id"] for each in guests if _moves(each))
        waiting = tuple(each["id"] for each in guests if not _moves(each) and each["OS-EXT-STS:vm_state"] in _MOVABLE)
        if self.masakari and guests:
            self.turns[name] = self._turn(self.masakari, name)
            if self.turns[name] == "busy":
                # All of them are in its hands, those too whose turn has not come.
                moving, waiting = (*moving, *waiting), ()
        strays = tuple(each for each in said.get("running", ()) if self.nova.host_of(each) != name)
        return Compute(
            name,
            answers,
            doubtful,
            admitted,
            fenced=watch.fenced,
            barred=barred,
            maintained=maintained,
            waiting=waiting,
            moving=moving,
            strays=strays,
        )

    def _turn(self, masakari: Masakari, host: str) -> Turn:
        """Where it cannot be asked, it may be at work."""
        try:
            turn = masakari.turn(host)
        except AskError as error:
            self.unknown[host] = f"Masakari cannot be asked: {error}"
            return "busy"
        self.unknown.pop(host, None)
        return turn

    def carry_out(self, action: Action, host: Compute) -> None:
        if action.verb == "fence":
            self._aside(action.host, self._fence)
        elif action.verb == "bar":
            self._aside(action.host, self._bar)
        elif action.verb == "move":
            self._move(host)
        elif action.verb == "admit":
            self._admit(host)

    def _aside(self, host: str, what: Callable[[str], None]) -> None:
        """In a thread: a BMC takes its time, and other hosts do not wait for it."""

        def run() -> None:
            try:
                what(host)
            except (AskError, RuntimeError) as error:
                _say(f"{host}: {error}")
                time.sleep(2)
            finally:
                self.busy.discard(host)

        self.busy.add(host)
        threading.Thread(target=run, daemon=True).start()

    def _fence(self, host: str) -> None:
        """Raises RuntimeError, AskError."""
        began = time.monotonic()
        _say(f"{host}: fencing it")
        timeout = int(self.config["fence_timeout"])
        _run(["stonith_admin", "--fence", host, "--timeout", str(timeout)], timeout + 10)
        watch = self.hosts[host]
        # What it said when it was alive does not count any more.
        watch.said, watch.missed, watch.fenced = None, int(self.config["fall"]), True
        _say(f"{host}: its power is off, after {time.monotonic() - began:.1f} s")
        self._bar(host)

    def _bar(self, host: str) -> None:
        """Raises RuntimeError, AskError."""
        for address in self.config["refused"].get(host, ()):
            _run([*self.config["ceph"], "osd", "blocklist", "range", "add", f"{address}/32", str(BARRED_S)], 20)
        service = self.nova.services().get(host)
        if service:
            self.nova.force_down(service["id"], True)
        _say(f"{host}: Ceph and Nova refuse it")

    def _move(self, host: Compute) -> None:
        if self.masakari and self.turns[host.name] == "due":
            self._hand_over(self.masakari, host)
        else:
            self._evacuate(host)

    def _hand_over(self, masakari: Masakari, host: Compute) -> None:
        """Unless one of its guests is being moved already, by somebody else: Masakari would move it once more."""
        if host.moving or time.monotonic() - self.tried.get(host.name, -RETRY_S) < RETRY_S:
            return
        self.tried[host.name] = time.monotonic()
        self.spent.add(host.name)
        try:
            masakari.tell(host.name)
            _say(f"{host.name}: Masakari was told to move {len(host.waiting)} guests")
        except AskError as error:
            _say(f"{host.name}: Masakari could not be told: {error}")

    def rearm(self) -> None:
        """Hosts that are well again are to be taken up by Masakari when they are lost once more. In its own time: that
        it cannot be done just now is no trouble."""
        if not self.masakari or not self.spent or time.monotonic() - self.rearmed < CALM_S:
            return
        self.rearmed = time.monotonic()
        well = {each.name for each in self.seen if each.answers and each.admitted and not each.barred}
        if not self.spent & well:
            return
        self.trouble = ""
        try:
            hosts = self.masakari.hosts()
            self.spent -= {each for each in self.spent & well if each not in hosts or self.masakari.rearm(hosts[each])}
        except AskError as error:
            self.trouble = str(error)

    def _evacuate(self, host: Compute) -> None:
        now = time.monotonic()
        for guest in self.nova.guests(host.name):
            name = guest["id"]
            if name not in host.waiting or _moves(guest) or now - self.tried.get(name, -RETRY_S) < RETRY_S:
                continue
            self.tried[name] = now
            try:
                if guest["OS-EXT-STS:task_state"]:
                    # What was being done with it when its host died will never end.
                    state = "active" if guest["OS-EXT-STS:vm_state"] == "active" else "error"
                    self.nova.act(name, {"os-resetState": {"state": state}})
                self.nova.act(name, {"evacuate": {}})
                _say(f"{host.name}: guest {name} is moved")
            except AskError as error:
                _say(f"{host.name}: guest {name} could not be moved: {error}")

    def _admit(self, host: Compute) -> None:
        said = self.hosts[host.name].said or {}
        for address in self.config["refused"].get(host.name, ()) if host.barred else ():
            # Ceph may have forgotten it by itself.
            _run([*self.config["ceph"], "osd", "blocklist", "range", "rm", f"{address}/32"], 20, fails=True)
        if not host.admitted:
            self._let_in(host.name, said)
        service = self.nova.services().get(host.name)
        if service and service["forced_down"]:
            self._force_up(service["id"])

    def _let_in(self, host: str, said: dict[str, Any]) -> None:
        boot = said["boot"]
        guests = [each["id"] for each in self.nova.guests(host)]
        shown = proof(self.config["secret"], boot, guests)
        body = json.dumps({"boot": boot, "guests": guests, "proof": shown}).encode()
        address = self.hosts[host].address
        call = urllib.request.Request(f"http://{address}:{PORT}/admit", body, method="POST")
        try:
            urllib.request.urlopen(call, timeout=5).close()  # noqa: S310 - ours
        except OSError as error:
            raise AskError(f"{host} could not be admitted: {error}") from error
        said["admitted"] = True
        _say(f"{host}: admitted")

    def _force_up(self, service: str) -> None:
        """Nova refuses until its daemon there has started, and has removed what it had of the guests that left."""
        try:
            self.nova.force_down(service, False)
        except AskError as error:
            if error.status != 400:
                raise

    def _start_crashed(self) -> None:
        now = time.monotonic()
        for name, watch in self.hosts.items():
            said = watch.said or {}
            if watch.missed or not said.get("admitted"):
                continue
            for guest in said["crashed"]:
                if now - self.tried.get(guest, -RETRY_S) < RETRY_S:
                    continue
                self.tried[guest] = now
                self._start(name, guest)

    def _start(self, host: str, guest: str) -> None:
        """Where Nova still has it there, and nobody does anything else with it."""
        try:
            server = self.nova.ask("GET", f"/servers/{guest}")["server"]
            if server["OS-EXT-SRV-ATTR:host"] != host or server["OS-EXT-STS:task_state"]:
                return
            if server["OS-EXT-STS:vm_state"] == "active":
                self.nova.act(guest, {"reboot": {"type": "HARD"}})
            else:
                self.nova.act(guest, {"os-start": None})
            _say(f"{host}: guest {guest} crashed, and is started again")
        except AskError as error:
            if error.status != 404:
                _say(f"{host}: guest {guest} crashed, and could not be started again: {error}")

    def _tell(self, actions: Iterable[Action], problem: str) -> None:
        """What has changed since it was told last."""
        now = {action.host: f"{action.verb}: {action.why}" for action in actions} | self.unknown
        if problem:
            now["nova"] = problem
        if self.trouble:
            now["masakari"] = self.trouble
        for host, text in now.items():
            if self.told.get(host) != text:
                _say(f"{host}: {text}")
        self.told = now


def _moves(guest: dict[str, Any]) -> bool:
    task = guest["OS-EXT-STS:task_state"] or ""
    return task.startswith("rebuild")


def _run(argv: list[str], timeout: float, *, fails: bool = False) -> None:
    """Raises RuntimeError, unless it may fail."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"{argv[0]} did not end within {timeout:g} s") from None
    if done.returncode and not fails:
        raise RuntimeError(f"{argv[0]}: {(done.stderr or done.stdout).strip()[-300:]}")


def _write(path: str, value: dict[str, object]) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        json.dump({"at": time.time(), **value}, file)
    os.replace(f"{path}.new", path)


def _say(text: str) -> None:
    print(text, flush=True)


def _anew(signum: int, frame: object) -> None:
    os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606 - itself


def check() -> int:
    """Prints one JSON object: `runs` here, and where it does, `hosts`, `problem` and `waits` as last seen."""
    unit = subprocess.run(["systemctl", "is-active", "--quiet", "instance-ha.service"], check=False)
    told: dict[str, Any] = {"runs": unit.returncode == 0}
    good = True
    if told["runs"]:
        try:
            with open(STATE, encoding="utf-8") as file:
                told |= json.load(file)
        except (OSError, ValueError):
            told["problem"] = "it has not looked yet"
        good = not told.get("problem") and time.time() - told.get("at", 0) < FRESH_S
    else:
        found = subprocess.run(
            ["crm_resource", "--locate", "--resource", "instance-ha"],
            capture_output=True,
            text=True,
            timeout=8,
            check=False,
        )
        good = "is running on" in found.stdout
        told["problem"] = "" if good else "Pacemaker runs it nowhere"
    print(json.dumps(told))
    return 0 if good else 1


if __name__ == "__main__":
    if sys.argv[1] == "check":
        sys.exit(check())
    # It reads its files again by beginning anew. It may not end for that: Pacemaker would call it a failure.
    signal.signal(signal.SIGHUP, _anew)
    with open(CONFIG, encoding="utf-8") as given:
        Program(json.load(given)).forever()
