"""The operator's side of a BMC against a small HTTPS server with the cloud's own certificate."""

from __future__ import annotations

import base64
import http.server
import json
import ssl
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from fournines.cloud.model import Bmc
from fournines.errors import HostError
from fournines.hosts.redfish import Redfish
from fournines.state.vault import Vault

SYSTEM = "/redfish/v1/Systems/1"


class Server(http.server.ThreadingHTTPServer):
    """A BMC whose power needs a few looks to change, as on metal."""

    state = "On"
    wanted = "On"
    looks = 0
    posts: list[str]
    body: str | None = None


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server  # pyright: ignore[reportIncompatibleVariableOverride]

    def answer(self, status: int, data: Any) -> None:
        text = (data if isinstance(data, str) else json.dumps(data)).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def allowed(self) -> bool:
        expected = base64.b64encode(b"admin:secret").decode()
        if self.headers["Authorization"] == f"Basic {expected}":
            return True
        self.answer(401, {"error": {"message": "who are you"}})
        return False

    def do_GET(self) -> None:
        if not self.allowed():
            return
        bmc = self.server
        if bmc.body is not None:
            self.answer(200, bmc.body)
            return
        if self.path != SYSTEM:
            self.answer(404, {"error": {"message": "no such system"}})
            return
        bmc.looks += 1
        if bmc.state != bmc.wanted and bmc.looks > 2:
            bmc.state = bmc.wanted
        reset = {"target": f"{SYSTEM}/Actions/Reset"}
        self.answer(200, {"PowerState": bmc.state, "Actions": {"#ComputerSystem.Reset": reset}})

    def do_POST(self) -> None:
        if not self.allowed():
            return
        kind = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["ResetType"]
        self.server.posts.append(kind)
        self.server.wanted = "Off" if kind == "ForceOff" else "On"
        self.server.looks = 0
        self.answer(204, "")

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault")


@pytest.fixture
def server(vault: Vault, tmp_path: Path) -> Generator[Server]:
    chain, key = vault.certificate("bmc", ["127.0.0.1"])
    (tmp_path / "pem").write_text(key + chain)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "pem")
    bmc = Server(("127.0.0.1", 0), Handler)
    bmc.posts = []
    bmc.socket = context.wrap_socket(bmc.socket, server_side=True)
    thread = threading.Thread(target=bmc.serve_forever, args=(0.05,))
    thread.start()
    yield bmc
    bmc.shutdown()
    bmc.server_close()
    thread.join(10)


def client(server: Server, vault: Vault, password: str = "secret", system: str = SYSTEM) -> Redfish:
    bmc = Bmc("127.0.0.1", server.server_address[1], system, "admin", None)
    return Redfish("c1", bmc, password, vault.ca_file, timeout=5)


def test_power_is_switched_once_and_awaited(server: Server, vault: Vault) -> None:
    bmc = client(server, vault)
    assert bmc.power() == "on"
    bmc.power_on()
    assert server.posts == []
    bmc.power_off()
    assert bmc.power() == "off"
    bmc.power_off()
    bmc.power_on()
    assert bmc.power() == "on"
    assert server.posts == ["ForceOff", "On"]


def test_a_power_that_never_changes_is_an_error(server: Server, vault: Vault) -> None:
    server.looks = -1000
    with pytest.raises(HostError, match="is not off"):
        client(server, vault).power_off(bound=0)


def test_what_the_bmc_says_is_told_without_the_password(server: Server, vault: Vault) -> None:
    with pytest.raises(HostError, match=r"401 to GET .*who are you") as caught:
        client(server, vault, password="guess").power()
    assert "guess" not in str(caught.value)
    with pytest.raises(HostError, match="no such system"):
        client(server, vault, system="/redfish/v1/Systems/2").power()
    assert "secret" not in repr(client(server, vault))


@pytest.mark.parametrize("body", ["<html>", "[]", "{}", ""])
def test_what_is_not_redfish_is_said_so(server: Server, vault: Vault, body: str) -> None:
    server.body = body
    with pytest.raises(HostError, match=r"Redfish|PowerState"):
        client(server, vault).power()
    with pytest.raises(HostError, match=r"Redfish|Reset"):
        client(server, vault).power_off()


def test_a_certificate_of_somebody_else_is_refused(server: Server, tmp_path: Path) -> None:
    stranger = Vault(tmp_path / "stranger")
    with pytest.raises(HostError, match=r"does not answer.*CERTIFICATE_VERIFY_FAILED"):
        client(server, stranger).power()


def test_a_bmc_that_is_not_there(vault: Vault) -> None:
    vault.ca()
    with pytest.raises(HostError, match="does not answer"):
        Redfish("c1", Bmc("127.0.0.1", 9, SYSTEM, "admin", None), "x", vault.ca_file).power()
