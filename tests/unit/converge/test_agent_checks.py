"""Checks, waits and steps, against real sockets and programs on loopback."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from converge_support import LocalHost

from fournines.converge.agent.checks import evaluate
from fournines.converge.steps import Check, Command, Http, Tcp, Tls
from fournines.state import Vault


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status = int(self.path.strip("/"))
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b"the database\nis away")

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def http_server() -> Generator[int]:
    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def ask(check: Check, limit: float = 60) -> dict[str, Any]:
    return evaluate(check.as_data(), limit)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_http() -> None:
    with http_server() as port:
        good = ask(Http(awaits="", url=f"http://127.0.0.1:{port}/200"))
        bad = ask(Http(awaits="", url=f"http://127.0.0.1:{port}/503"))
        also = ask(Http(awaits="", url=f"http://127.0.0.1:{port}/300", status=(200, 300)))
    assert (good["ok"], good["seen"]) == (True, "HTTP/1.0 200 OK")
    assert (bad["ok"], bad["seen"]) == (False, "HTTP/1.0 503 Service Unavailable the database is away")
    assert also["ok"]


def test_http_of_what_it_must_say() -> None:
    with http_server() as port:
        good = ask(Http(awaits="", url=f"http://127.0.0.1:{port}/403", status=(403,), says="is away"))
        other = ask(Http(awaits="", url=f"http://127.0.0.1:{port}/403", status=(403,), says="is here"))
        bad = ask(Http(awaits="", url=f"http://127.0.0.1:{port}/503", status=(403,), says="is away"))
    assert (good["ok"], good["seen"]) == (True, "HTTP/1.0 403 Forbidden")
    assert (other["ok"], other["seen"]) == (False, "HTTP/1.0 403 Forbidden the database is away")
    assert not bad["ok"]


def test_http_is_bounded_though_the_server_keeps_talking() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                for _ in range(40):
                    try:
                        connection.sendall(b"H")
                    except OSError:
                        return
                    time.sleep(0.05)

        thread = threading.Thread(target=drip)
        thread.start()
        port = server.getsockname()[1]
        result = ask(Http(awaits="", url=f"http://127.0.0.1:{port}/", timeout=0.4))
        thread.join()
    assert not result["ok"]
    assert result["seconds"] < 1.5


def test_tcp() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert ask(Tcp(awaits="", address="127.0.0.1", port=server.getsockname()[1]))["ok"]
    refused = ask(Tcp(awaits="", address="127.0.0.1", port=free_port()))
    assert not refused["ok"]
    assert "refused" in refused["seen"]


@pytest.mark.parametrize(
    ("check", "ok", "seen"),
    [
        (Command(awaits="", argv=("echo", "synced")), True, "synced\n"),
        (Command(awaits="", argv=("sh", "-c", "echo donor; exit 1")), False, "donor\n"),
        (Command(awaits="", argv=("sh", "-c", "echo why >&2; exit 1")), False, "why"),
        (Command(awaits="", argv=("false",)), False, "exit 1"),
        (
            Command(awaits="", argv=("/no/such/program",)),
            False,
            "cannot run /no/such/program: No such file or directory",
        ),
        (Command(awaits="", argv=("cat",), stdin="hunter2"), True, "hunter2"),
        (Command(awaits="", argv=("cat",), stdin="hunter2", secret=True), True, ""),
        (Command(awaits="", argv=("sh", "-c", "cat; exit 1"), stdin="hunter2", secret=True), False, ""),
        (Command(awaits="", argv=("sleep", "20"), timeout=0.2), False, "no end after 0.2 s"),
    ],
)
def test_command(check: Command, ok: bool, seen: str) -> None:
    result = ask(check)
    assert (result["ok"], result["seen"]) == (ok, seen)
    assert result["seconds"] < 10


def test_command_output_is_cut_at_64_kib() -> None:
    result = ask(Command(awaits="", argv=("head", "-c", "100000", "/dev/zero")))
    assert len(result["seen"]) == 64 * 1024


def test_a_program_that_leaves_a_daemon_behind_is_not_waited_for(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    result = ask(Command(awaits="", argv=("sh", "-c", f"sleep 30 & echo $! > {pid}; echo up")))
    try:
        assert (result["ok"], result["seen"]) == (True, "up\n")
        assert result["seconds"] < 10
    finally:
        import os
        import signal

        os.kill(int(pid.read_text()), signal.SIGKILL)


def test_checks_of_one_look_run_at_once_and_within_its_limit(host: LocalHost) -> None:
    checks = {str(number): Command(awaits="", argv=("sleep", "1")).as_data() for number in range(6)}
    checks["hung"] = Command(awaits="", argv=("sleep", "60"), timeout=60).as_data()
    answer = host.ask("look", resources=[], checks=checks, limit=5)
    # One after the other the last would have been ended.
    assert [answer["checks"][str(number)]["ok"] for number in range(6)] == [True] * 6
    assert answer["checks"]["hung"]["seen"] == "no end after 5 s"
    assert answer["seconds"] < 50


def test_wait_streams_what_was_last_seen_then_the_result(host: LocalHost) -> None:
    flag = host.path("/flag")
    told: list[tuple[str, float]] = []

    def progress(text: str, seconds: float) -> None:
        told.append((text, seconds))
        if len(told) == 2:
            flag.touch()

    check = Command(awaits="", argv=("sh", "-c", f"echo not yet; test -e {flag}"))
    answer = host.ask("wait", progress, check=check.as_data(), bound=30)
    assert answer["ok"]
    assert [text for text, _ in told] == ["not yet\n", "not yet\n"]
    assert told[0][1] == pytest.approx(2, abs=1)
    assert told[1][1] > told[0][1]


def test_wait_ends_at_its_bound(host: LocalHost) -> None:
    check = Tcp(awaits="", address="127.0.0.1", port=free_port())
    answer = host.ask("wait", check=check.as_data(), bound=0.6)
    assert not answer["ok"]
    assert "refused" in answer["seen"]
    assert 0.6 <= answer["seconds"] < 3


def step(host: LocalHost, done: Command, run: Command, bound: float = 1) -> dict[str, Any]:
    return host.ask("run", name="x", command=run.as_data(), done=done.as_data(), bound=bound)


def test_step(host: LocalHost) -> None:
    flag = host.path("/flag")
    done = Command(awaits="", argv=("test", "-e", str(flag)))
    failed = step(host, done, Command(awaits="", argv=("sh", "-c", "echo no such table >&2; exit 3")))
    assert (failed["exit"], failed["stderr"], failed["done"]["ok"]) == (3, "no such table\n", False)
    not_yet = step(host, done, Command(awaits="", argv=("true",)), bound=0.3)
    assert (not_yet["exit"], not_yet["done"]["ok"]) == (0, False)
    ran = step(host, done, Command(awaits="", argv=("sh", "-c", f"cat > {flag}"), stdin="content"))
    assert (ran["skipped"], ran["done"]["ok"], flag.read_text()) == (False, True, "content")
    assert step(host, done, Command(awaits="", argv=("false",)))["skipped"]


def test_a_step_that_fails_because_its_work_is_there_already_is_done(host: LocalHost) -> None:
    flag = host.path("/flag")
    done = Command(awaits="", argv=("test", "-e", str(flag)))
    ran = step(host, done, Command(awaits="", argv=("sh", "-c", f"touch {flag}; exit 1")))
    assert (ran["exit"], ran["done"]["ok"]) == (1, True)


def test_a_secret_step_shows_nothing(host: LocalHost) -> None:
    done = Command(awaits="", argv=("sh", "-c", "cat; false"), stdin="hunter2", secret=True)
    run = Command(awaits="", argv=("sh", "-c", "cat; cat >&2"), stdin="hunter2", secret=True)
    answer = step(host, done, run, bound=0.2)
    assert (answer["stdout"], answer["stderr"]) == ("(secret)", "(secret)")
    assert "hunter2" not in str(answer)


@contextmanager
def tls_server(pem: Path, ca: Path | None = None) -> Generator[int]:
    """With `ca`: one that asks its clients for a certificate of that authority."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=ca)
    context.load_cert_chain(pem)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # The client hears of a refusal within its handshake.
    context.verify_mode = ssl.CERT_REQUIRED if ca else ssl.CERT_NONE
    server = HTTPServer(("127.0.0.1", 0), Answers)
    server.handle_error = lambda request, client_address: None
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = Vault(tmp_path / "vault")
    pem = tmp_path / "m.pem"
    pem.write_text("".join(vault.certificate("m", ["127.0.0.1"])))
    # The authorities that this host trusts.
    monkeypatch.setenv("SSL_CERT_FILE", str(vault.ca_file))
    with tls_server(pem) as port:
        good = ask(Tls(awaits="", address="127.0.0.1", port=port))
    held = vault.certificates()["m"]
    assert good["ok"]
    shown = json.loads(good["seen"])
    assert shown["not_after"] == held.not_valid_after_utc.timestamp()
    assert int(shown["serial"], 16) == held.serial_number
    with tls_server(pem, ca=vault.ca_file) as port:
        assert ask(Tls(awaits="", address="127.0.0.1", port=port, own=str(pem)))["ok"]
        assert "SSL" in ask(Tls(awaits="", address="127.0.0.1", port=port))["seen"]
    monkeypatch.setenv("SSL_CERT_FILE", str(Vault(tmp_path / "another").ca_file))
    with tls_server(pem) as port:
        assert "CERTIFICATE_VERIFY_FAILED" in ask(Tls(awaits="", address="127.0.0.1", port=port))["seen"]


def test_a_service_that_answers_is_not_well_while_a_unit_of_it_has_not_started(inside: LocalHost) -> None:
    units = ("nova-api.service", "nova-conductor.service", "nova-scheduler.service")
    for unit in units:
        inside.set_unit(unit, active="active", sub="running")
    with http_server() as port:
        check = Http(awaits="", url=f"http://127.0.0.1:{port}/200", units=units)
        assert ask(check)["ok"]
        # One that ends at each start, seen between two of them.
        inside.set_unit("nova-conductor.service", active="activating", sub="auto-restart")
        assert ask(check) | {"seconds": 0} == {
            "ok": False,
            "seen": "nova-conductor.service is activating (auto-restart)",
            "seconds": 0,
        }
        inside.set_unit("nova-conductor.service", active="reloading", sub="reload")
        assert ask(check)["ok"]
        # What it does not answer is told first.
        inside.set_unit("nova-scheduler.service", active="failed", sub="failed")
        assert "503" in ask(Http(awaits="", url=f"http://127.0.0.1:{port}/503", units=units))["seen"]
