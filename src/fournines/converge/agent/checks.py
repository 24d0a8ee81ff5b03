"""Questions to the host: is it so, and what was seen?"""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Callable
from typing import Any

from fournines.converge.agent import programs
from fournines.converge.agent.machine import Data, Refusal
from fournines.converge.agent.units import unit_states

SEEN = 64 * 1024


def evaluate(check: Data, limit: float = 3600.0) -> Data:
    """{ok, seen, seconds}; never raises, never longer than the check's own timeout or `limit`."""
    began = time.monotonic()
    timeout = max(0.1, min(float(check["timeout"]), limit))
    try:
        ok, seen = CHECKS[check["kind"]](check, timeout)
        if ok and (idle := not_started(check["units"])):
            ok, seen = False, idle
    except (OSError, ValueError, Refusal) as error:
        # ssl.SSLError and socket.timeout are OSErrors.
        ok, seen = False, str(error) or type(error).__name__
    return {"ok": ok, "seen": seen, "seconds": round(time.monotonic() - began, 3)}


def not_started(units: list[str]) -> str:
    """Those of them that have not, in words. One that starts again and again is on its way, and has not."""
    states = unit_states(list(units))
    return ", ".join(
        "{} is {ActiveState} ({SubState})".format(name, **state)
        for name, state in states.items()
        if state["ActiveState"] not in ("active", "reloading", "refreshing")
    )


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
    ran = programs.execute(list(check["argv"]), check["stdin"], timeout)
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
            if not part or as_asked(answer, check):
                break
    if not answer:
        raise OSError("the server closed the connection without an answer")
    first, _, body = answer.decode(errors="replace").partition("\r\n")
    if as_asked(answer, check):
        return True, first
    return False, "{} {}".format(first, " ".join(body.partition("\r\n\r\n")[2].split())[:300]).strip()


def as_asked(answer: bytes, check: Data) -> bool:
    return b"\r\n" in answer and status_of(answer) in check["status"] and check["says"].encode() in answer


def status_of(answer: bytes) -> int:
    words = answer.split(b"\r\n", 1)[0].split()
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0


CHECKS: dict[str, Callable[[Data, float], tuple[bool, str]]] = {
    "http": check_http,
    "tcp": check_tcp,
    "tls": check_tls,
    "command": check_command,
}
