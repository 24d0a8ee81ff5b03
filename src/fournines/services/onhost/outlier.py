"""Takes a controller out of service while it serves worse than the others do. One copy runs on each.

    outlier_rule.py + outlier.py run       run by outlier.service
                                 check     prints JSON, see `check`; exit 1 while the host is out

Two things it looks for, neither of which stops anybody from answering that he is well:

    packets are lost     to every other controller, and not between these (`outlier_rule.py`). All that this host does
                         for others ends in order, and begins again when no packet has been lost for a while.
    certificate          that the HAProxy of this host shows, which HAProxy itself no longer trusts.

In both cases the node attribute `unfit` says why, and Pacemaker runs what it keeps, the VIP first, on a host without
it, if there is one. Asked in UDP, on the management network. What it does survives the end of this program: a file in
/run says that the host is out, which a reboot forgets.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from fournines.services.onhost.outlier_rule import Lost, Told, outlier, recovered

CONFIG = Path("/etc/fournines/outlier.json")
OUT = Path("/run/fournines-outlier")
"""There while this host is out of service."""
FACTS = Path("/run/fournines-outlier.json")
ATTRIBUTE = "unfit"
FRESH = 1.0
"""Seconds for which counts what a peer said, and after which one that was silent is measured anew."""
LOOK = 0.25
"""Seconds between two looks at HAProxy, and at everything."""
STALE = 15.0
"""Seconds after which what was noted last is no news."""
DRAIN = "/usr/local/lib/fournines/drain.py"


class Peers:
    """The other controllers: asked, and answered."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.out = OUT.exists()
        self._port: int = config["port"]
        self._addresses: dict[str, str] = config["peers"]
        self._names = {address: name for name, address in self._addresses.items()}
        self._lost = {name: Lost(config["window"], config["least"]) for name in self._addresses}
        self._told: dict[str, tuple[float, Told]] = {}
        self._heard = dict.fromkeys(self._addresses, 0.0)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((config["address"], self._port))

    def ask(self) -> None:
        """One question to each."""
        for name, lost in self._lost.items():
            self._send(name, {"ask": lost.ask()})

    def listen(self, until: float) -> None:
        """Answer, and take in answers, until then (monotonic seconds)."""
        while (left := until - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                data, (address, _) = self._socket.recvfrom(4096)
                said: Any = json.loads(data)
            except (OSError, ValueError):
                # Nobody asked, or a peer's port was closed.
                continue
            name = self._names.get(address)
            if name is not None:
                with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
                    self._take(name, said)

    def shares(self) -> dict[str, float | None]:
        """Peer -> what is lost to it; None of one that is silent."""
        now = time.monotonic()
        return {name: lost.share() if now - self._heard[name] < FRESH else None for name, lost in self._lost.items()}

    def told(self) -> dict[str, Told]:
        """What those said that are not silent."""
        now = time.monotonic()
        return {name: told for name, (at, told) in self._told.items() if now - at < FRESH}

    def _take(self, name: str, said: dict[str, Any]) -> None:
        if "ask" in said:
            self._send(name, {"answer": int(said["ask"]), "shares": self.shares(), "out": self.out})
            return
        number = int(said["answer"])
        shares = {str(peer): None if share is None else float(share) for peer, share in said["shares"].items()}
        now = time.monotonic()
        if now - self._heard[name] >= FRESH:
            self._lost[name].begin(number)
        self._lost[name].answer(number)
        self._heard[name] = now
        self._told[name] = now, Told(shares, bool(said["out"]))

    def _send(self, name: str, what: dict[str, Any]) -> None:
        # A host whose network is down cannot send: then nobody answers, which is no loss.
        with contextlib.suppress(OSError):
            self._socket.sendto(json.dumps(what).encode(), (self._addresses[name], self._port))


class Outlier:
    """What this host does about itself."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._limit: float = config["limit"]
        self._calm: float = config["calm"]
        self._servers: list[str] = config["servers"]
        self._units: list[str] = config["units"]
        self._health: str = config["health"]
        self._well_since: float | None = None
        self._unfit: str | None = None
        self._why = ""
        self._starting: subprocess.Popen[bytes] | None = None

    def look(self, peers: Peers) -> None:
        """Once: leave, return, or go on."""
        shares, now = peers.shares(), time.monotonic()
        if not peers.out:
            if outlier(shares, peers.told(), self._limit):
                peers.out = True
                self._leave(shares)
        elif not recovered(shares, self._limit):
            self._well_since = None
            if self._starting is not None:
                self._leave(shares)
        elif self._well_since is None:
            self._well_since = now
        elif self._starting is None and now - self._well_since >= self._calm:
            self._return()
        elif self._starting is not None and self._starting.poll() is not None:
            print("back in service", flush=True)
            self._starting, self._well_since = None, None
            peers.out = False
            OUT.unlink(missing_ok=True)
        self._tell("loss" if peers.out else self._certificate())
        self._note(peers.out, shares)

    def _leave(self, shares: dict[str, float | None]) -> None:
        lost = ", ".join(f"{share:.0%} to {peer}" for peer, share in shares.items() if share)
        print(f"out of service: packets are lost, {lost}, and not between these", flush=True)
        OUT.touch()
        if self._starting is not None:
            self._starting.kill()
            self._starting.wait()
            self._starting = None
        # The VIP first. Nobody connects to its servers any more, while they, database and broker end in order.
        self._tell("loss")
        for argv in (
            [sys.executable, DRAIN, "close", *self._servers],
            ["systemctl", "stop", "--no-block", *self._units],
        ):
            if why := _run(*argv):
                print(why, flush=True)

    def _return(self) -> None:
        print("no packet is lost any more: back to service", flush=True)
        # One after another, what others need first: the others serve meanwhile. Each opens its server by itself.
        self._starting = subprocess.Popen(
            ["sh", "-c", 'for unit; do systemctl start "$unit"; done', "sh", *self._units]
        )

    def _certificate(self) -> str:
        """`certificate` when HAProxy does not trust what it shows itself. One that says nothing is not judged."""
        try:
            with urllib.request.urlopen(self._health, timeout=0.3) as answer:  # noqa: S310 - this host's own
                return "certificate" if answer.read(64).strip() == b"untrusted" else ""
        except (OSError, ValueError):
            return "certificate" if self._unfit == "certificate" else ""

    def _tell(self, unfit: str) -> None:
        """Pacemaker, when it is news; again when it could not be told, as while it starts."""
        if unfit == self._unfit:
            return
        change = ["--update", unfit] if unfit else ["--delete"]
        if why := _run("attrd_updater", "--name", ATTRIBUTE, *change):
            if why != self._why:
                print(why, flush=True)
            self._why = why
            return
        if unfit or self._unfit:
            print(f"unfit: {unfit or 'no longer'}", flush=True)
        self._unfit, self._why = unfit, ""

    def _note(self, out: bool, shares: dict[str, float | None]) -> None:
        facts = {"out": out, "unfit": self._unfit or "", "lost": shares}
        new = FACTS.with_suffix(".new")
        new.write_text(json.dumps(facts), encoding="utf-8")
        os.replace(new, FACTS)


def _run(*argv: str) -> str:
    """Why it failed; empty when it did not."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=10, check=False)
    except subprocess.TimeoutExpired:
        return f"{' '.join(argv[:3])}: no end within 10 s"
    return f"{' '.join(argv[:3])}: {done.stderr.strip()[-200:]}" if done.returncode else ""


def run() -> int:
    config = json.loads(CONFIG.read_text(encoding="utf-8"))
    peers, host = Peers(config), Outlier(config)
    every, due, look = float(config["every"]), time.monotonic(), 0.0
    while True:
        peers.ask()
        due = max(due + every, time.monotonic() + every / 2)
        peers.listen(due)
        if time.monotonic() >= look:
            host.look(peers)
            look = time.monotonic() + LOOK


def check() -> int:
    """What `run` noted last: {out: it is out of service, unfit: the attribute, lost: peer -> share or null}."""
    try:
        text, age = FACTS.read_text(encoding="utf-8"), time.time() - FACTS.stat().st_mtime
    except OSError:
        print("it has not looked yet")
        return 1
    if age > STALE:
        print(f"it looked {age:.0f} s ago for the last time")
        return 1
    print(text)
    return 1 if json.loads(text)["out"] else 0


if __name__ == "__main__":
    sys.exit({"run": run, "check": check}[sys.argv[1]]())
