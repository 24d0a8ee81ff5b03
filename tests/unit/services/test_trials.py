"""What members say when they are asked to accept something: accepted, refused, or that it could not be tried."""

from __future__ import annotations

import base64
import http.server
import json
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fournines.cloud import Cloud
from fournines.services import catalogue
from fournines.services._render import on_host
from fournines.services.galera import TRIAL_TABLE
from fournines.services.onhost import galera_trial
from fournines.state import Vault


@pytest.mark.parametrize(
    ("code", "stderr", "accepted"),
    [
        (0, "", True),
        (1, "ERROR 1047 (08S01) at line 1: WSREP has not yet prepared node for application use", False),
        (1, "--------------\nREPLACE\n--------------\n\nERROR 1180 (HY000) at line 1: Error (Not connected)", False),
        (1, "ERROR 1213 (40001) at line 1: Deadlock found when trying to get lock", False),
        (1, "ERROR 2002 (HY000): Can't connect to local server through socket", False),
        (1, "ERROR 1146 (42S02) at line 1: Table 'fournines.trial' doesn't exist", None),
        (1, "ERROR 1049 (42000): Unknown database 'fournines'", None),
        (1, "ERROR 2026 (HY000): TLS/SSL error: certificate has expired", None),
        (127, "mariadb: not found", None),
    ],
)
def test_what_a_database_member_said(code: int, stderr: str, accepted: bool | None) -> None:
    told, seen = galera_trial.came_of(code, stderr)
    assert told is accepted
    assert "REPLACE" not in seen


def tried(program: str, *words: str, path: str = "/usr/bin:/bin", after: tuple[str, ...] = ()) -> dict[str, Any]:
    """As the host runs it: sent on standard input."""
    done = subprocess.run(
        [sys.executable, "-", *words],
        input=on_host(program, after),
        capture_output=True,
        text=True,
        env={"PATH": path, "PYTHONPATH": os.environ.get("PYTHONPATH", "")},
        timeout=30,
        check=True,
    )
    return json.loads(done.stdout)


def test_a_row_is_written_into_the_table_that_is_made_for_it(tmp_path: Path) -> None:
    client = tmp_path / "mariadb"
    client.write_text(f'#!/bin/sh\n[ "$1" = --skip-ssl ] && cat > {tmp_path}/said\n')
    client.chmod(0o755)
    assert tried("galera_trial.py", path=f"{tmp_path}:/usr/bin:/bin") == {"accepted": True, "seen": "committed"}
    assert (tmp_path / "said").read_text().startswith("REPLACE INTO fournines.trial (host, at) ")
    assert "fournines.trial (host VARCHAR(255) PRIMARY KEY, at DATETIME(6) NOT NULL)" in TRIAL_TABLE


def test_a_database_member_that_hangs_accepted_nothing_in_time(tmp_path: Path) -> None:
    client = tmp_path / "mariadb"
    client.write_text("#!/bin/sh\nexec sleep 20\n")
    client.chmod(0o755)
    assert tried("galera_trial.py", path=f"{tmp_path}:/usr/bin:/bin") == {
        "accepted": False,
        "seen": "no answer within 4 s",
    }


@contextmanager
def etcd(vault: Vault, answer: Callable[[dict[str, Any]], tuple[int, object]]) -> Generator[list[str]]:
    """Its gateway; gives the words with which to try it."""

    class Gateway(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v3/kv/deleterange"
            status, said = answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    vault.certificate("etcd", ["127.0.0.1"])
    folder = vault.ca_file.parent
    both = folder / "both.pem"
    both.write_bytes((folder / "etcd.pem").read_bytes() + (folder / "etcd.key").read_bytes())
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(vault.ca_file))
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.load_cert_chain(both)
    server = http.server.HTTPServer(("127.0.0.1", 0), Gateway)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield [f"https://127.0.0.1:{server.server_port}", str(vault.ca_file), str(both)]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_etcd_deletes_what_nobody_has(tmp_path: Path) -> None:
    asked: list[dict[str, Any]] = []

    def deleted(body: dict[str, Any]) -> tuple[int, object]:
        asked.append(body)
        return 200, {"header": {"revision": "7"}}

    vault = Vault(tmp_path)
    with etcd(vault, deleted) as words:
        assert tried("etcd_trial.py", *words) == {"accepted": True, "seen": "revision 7"}
    assert [base64.b64decode(body["key"]) for body in asked] == [b"/fournines/trial"]
    assert asked[0].keys() == {"key"}, "this key alone"
    refused = tried("etcd_trial.py", *words)
    assert refused["accepted"] is False
    with etcd(vault, lambda body: (503, {"error": "etcdserver: no leader"})) as words:
        said = tried("etcd_trial.py", *words)
    assert said["accepted"] is False
    assert "no leader" in said["seen"]
    with etcd(vault, lambda body: (404, {})) as words:
        assert tried("etcd_trial.py", *words)["accepted"] is None


def test_a_certificate_that_is_not_trusted_is_no_refusal(tmp_path: Path) -> None:
    other = Vault(tmp_path / "other")
    other.certificate("etcd", ["127.0.0.1"])
    with etcd(Vault(tmp_path / "own"), lambda body: (200, {"header": {"revision": "7"}})) as (url, _, client):
        said = tried("etcd_trial.py", url, str(other.ca_file), client)
        assert said["accepted"] is None
        assert "certificate verify failed" in said["seen"]
        pytest.importorskip("pika", reason="only hosts have a client of RabbitMQ")
        port = int(url.rpartition(":")[2])
        login = {"host": "127.0.0.1", "port": port, "user": "u", "password": "p", "authority": str(other.ca_file)}
        (tmp_path / "login.json").write_text(json.dumps(login))
        said = tried("rabbitmq_trial.py", str(tmp_path / "login.json"), after=("rabbitmq_connect.py",))
        assert said["accepted"] is None
        assert "certificate verify failed" in said["seen"]
        # Trusted, but no broker.
        (tmp_path / "login.json").write_text(json.dumps(login | {"authority": str(tmp_path / "own" / "ca.pem")}))
        assert (
            tried("rabbitmq_trial.py", str(tmp_path / "login.json"), after=("rabbitmq_connect.py",))["accepted"]
            is False
        )


def test_every_trial_is_sent_whole_and_bounded(cloud: Cloud) -> None:
    host = cloud.host("c1")
    there = {name: service.trial(cloud, host) for name, service in catalogue().items()}
    assert {name for name, trial in there.items() if trial} == {"etcd", "galera", "pacemaker", "rabbitmq"}
    for trial in filter(None, there.values()):
        for word in trial.command.argv:
            assert "/usr/local/lib/fournines" not in word, "an earlier version may have built the cloud"
