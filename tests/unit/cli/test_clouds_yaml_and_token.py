"""What `up` ends with: a clouds.yaml that clients read, and a token over real HTTPS."""

from __future__ import annotations

import http.server
import json
import ssl
import threading
from collections.abc import Generator
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import openstack.config
import pytest

from fournines.cli.clouds import load
from fournines.cloud.model import Cloud, Endpoint
from fournines.converge import clouds_yaml, verify
from fournines.converge.events import Event, silent
from fournines.errors import WaitError
from fournines.state import State, Vault


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    monkeypatch.setenv("NINES_STATE", str(tmp_path / "a state: with odd 'signs'"))
    return State("lab")


class Keystone(http.server.ThreadingHTTPServer):
    """Issues tokens and knows them; the first `sick` requests get a 503."""

    daemon_threads = True

    def __init__(self, vault: Vault, password: str, names: str = "127.0.0.1") -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        vault.certificate("api", [names])
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(vault.ca_file.with_name("api.pem"), vault.ca_file.with_name("api.key"))
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.password = password
        self.sick = 0
        self.forgets = False
        self.seen: list[str] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that do not trust us hang up; that is their right."""


class Handler(http.server.BaseHTTPRequestHandler):
    server: Keystone  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        good = body["auth"]["identity"]["password"]["user"]["password"] == self.server.password
        self.reply(201 if good else 401, {"X-Subject-Token": "t1"} if good else {})

    def do_GET(self) -> None:
        self.reply(200 if self.headers["X-Subject-Token"] == "t1" and not self.server.forgets else 404)

    def reply(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.server.seen.append(f"{self.command} {self.path}")
        if self.server.sick > 0:
            self.server.sick -= 1
            status, headers = 503, {}
        self.send_response(status)
        for name, value in ({"Content-Length": "2"} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


def serving(server: Keystone) -> Generator[Keystone]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def keystone(state: State) -> Generator[Keystone]:
    vault = state.vault()
    yield from serving(Keystone(vault, vault.password("admin")))


def cloud_at(port: int) -> Cloud:
    """The default cloud, with its VIP on this machine."""
    lab = load("lab")
    management = replace(lab.networks["management"], vip=IPv4Address("127.0.0.1"))
    placement = replace(lab.services["keystone"], endpoints=(Endpoint("keystone", port, "/v3", "identity"),))
    return replace(
        lab, networks={**lab.networks, "management": management}, services={**lab.services, "keystone": placement}
    )


@pytest.mark.filterwarnings("ignore:Support for InfluxDB")
def test_openstack_clients_read_what_is_written(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = load("lab")
    path = clouds_yaml.write(cloud, state)
    assert path == state.clouds_yaml
    assert path.stat().st_mode & 0o777 == 0o600
    found = openstack.config.OpenStackConfig(config_files=[str(path)], load_envvars=False).get_one("lab")
    assert found.auth["auth_url"] == "https://10.71.0.10:5000/v3"
    assert found.auth["password"] == state.vault().password("admin")
    assert found.config["cacert"] == str(state.vault().ca_file)
    assert (found.auth["username"], found.auth["project_name"], found.region_name) == ("admin", "admin", "RegionOne")


def test_what_is_there_alike_is_not_written_again(state: State) -> None:
    cloud = load("lab")
    before = clouds_yaml.write(cloud, state).stat().st_ino
    assert clouds_yaml.write(cloud, state).stat().st_ino == before
    state.clouds_yaml.write_text("other")
    assert "other" not in clouds_yaml.write(cloud, state).read_text()


def test_a_token_is_issued_and_found_valid(state: State, keystone: Keystone) -> None:
    verify.token_round_trip(cloud_at(keystone.server_port), state.vault(), silent)
    assert keystone.seen == ["POST /v3/auth/tokens", "GET /v3/auth/tokens"]


def test_it_waits_for_a_cloud_that_is_nearly_there(state: State, keystone: Keystone) -> None:
    keystone.sick = 2
    events: list[Event] = []
    verify.token_round_trip(cloud_at(keystone.server_port), state.vault(), events.append)
    assert [event.kind for event in events] == ["start", "wait", "wait", "done"]
    assert "status 503" in events[1].text


@pytest.mark.parametrize(("fault", "said"), [("password", "status 401"), ("forgets", "status 404")])
def test_a_refusal_ends_the_wait_at_its_bound(state: State, keystone: Keystone, fault: str, said: str) -> None:
    if fault == "password":
        keystone.password = "another"
    else:
        keystone.forgets = True
    with pytest.raises(WaitError, match=said) as error:
        verify.token_round_trip(cloud_at(keystone.server_port), state.vault(), silent, bound=0.1)
    assert state.vault().password("admin") not in str(error.value)


def test_nobody_listens(state: State) -> None:
    with pytest.raises(WaitError, match="ConnectionRefusedError"):
        verify.token_round_trip(cloud_at(1), state.vault(), silent, bound=0.1)


def test_a_certificate_of_another_authority_is_refused(state: State, tmp_path: Path) -> None:
    for server in serving(Keystone(Vault(tmp_path / "other"), state.vault().password("admin"))):
        with pytest.raises(WaitError, match="CERTIFICATE_VERIFY_FAILED"):
            verify.token_round_trip(cloud_at(server.server_port), state.vault(), silent, bound=0.1)


def test_a_certificate_of_another_name_is_refused(state: State) -> None:
    for server in serving(Keystone(state.vault(), state.vault().password("admin"), names="127.0.0.2")):
        with pytest.raises(WaitError, match="CERTIFICATE_VERIFY_FAILED"):
            verify.token_round_trip(cloud_at(server.server_port), state.vault(), silent, bound=0.1)
