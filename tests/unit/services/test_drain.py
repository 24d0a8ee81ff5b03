"""The pieces by which an API leaves service and returns to it."""

from __future__ import annotations

import http.server
import os
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from fournines.services._uwsgi import uwsgi_ini
from fournines.services.onhost import drain


def test_it_reads_the_address_from_what_was_rendered_for_uwsgi(tmp_path: Path):
    path = tmp_path / "uwsgi.ini"
    path.write_text(uwsgi_ini(wsgi_file="/usr/bin/api", address="10.0.0.1", port=5000, processes=1, threads=2))
    assert drain.listens(str(path)) == drain.listens("10.0.0.1:5000") == ("10.0.0.1", 5000)


def test_it_sees_connections_in_the_listen_queue_and_taken_ones_but_no_others():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_server(("127.0.0.2", 0)) as other:
        address, port = server.getsockname()

        def count() -> int:
            with open("/proc/net/tcp", encoding="ascii") as file:
                return drain.still_open(file, address, port)

        assert count() == 0, "a listener is no connection"
        with socket.create_connection((address, port)), socket.create_connection(other.getsockname()):
            assert count() == 1, "nobody has taken it yet"
            taken, _ = server.accept()
            assert count() == 1
        assert count() == 1, "the client asks no more but may still wait for the answer"
        taken.close()
        assert count() == 0


@pytest.mark.parametrize(("status", "good"), [(200, True), (300, True), (401, True), (500, False), (503, False)])
def test_an_application_that_fails_is_no_answer(status: int, good: bool):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert drain.answers("127.0.0.1", server.server_port) is good
        server.shutdown()
    assert not drain.answers("127.0.0.1", server.server_port)


def test_rules_name_one_server_and_spare_its_neighbours():
    refused, taken = (drain.rules("10.0.0.1", 5000, refuse=refuse) for refuse in (True, False))
    assert "add element inet fournines_drain closed { 10.0.0.1 . 5000 }" in refused
    assert "delete" not in refused, "other servers stay closed, and the rule is one"
    assert taken == refused + "delete element inet fournines_drain closed { 10.0.0.1 . 5000 }\n"


def test_waiting_for_the_last_connection_is_bounded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(drain, "LAST", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        drain.wait_for_the_last(*server.getsockname())
    assert "still open after 0.3 s" in capsys.readouterr().out


def test_nobody_waits_for_a_server_that_has_ended(capsys: pytest.CaptureFixture[str]):
    server = subprocess.Popen(["true"])
    server.wait()
    assert not drain.wait_for_the_first("127.0.0.1", 9, str(server.pid))
    assert "has ended" in capsys.readouterr().out


def test_waiting_for_the_first_answer_is_bounded(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(drain, "FIRST", 0.3)
    assert drain.wait_for_the_first("127.0.0.1", 9, str(os.getpid()))
    assert "gives no answer after 0.3 s" in capsys.readouterr().out
