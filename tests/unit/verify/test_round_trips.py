"""Round trips by the real SDK over real HTTPS, against a Keystone that can be broken; the other APIs are the lab's."""

from __future__ import annotations

import http.server
import json
import ssl
import threading
import time
from collections.abc import Generator
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fournines.cli.clouds import load
from fournines.cloud.model import Cloud, Endpoint
from fournines.converge.events import Event, silent
from fournines.errors import WaitError
from fournines.services import catalogue as services
from fournines.state import State, Vault
from fournines.verify import NAME, TripError, catalogue
from fournines.verify.client import all_up
from fournines.verify.run import proved, verify

# What the SDK deprecates in itself.
pytestmark = pytest.mark.filterwarnings("ignore::Warning:openstack.*")


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    monkeypatch.setenv("NINES_STATE", str(tmp_path / "state"))
    # It must not come between us and the VIP.
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    return State("lab")


class Keystone(http.server.ThreadingHTTPServer):
    """Issues tokens, knows them, keeps projects; the first `sick` requests get a 503."""

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
        self.keeps = False
        self.hangs = 0.0
        self.projects: dict[str, dict[str, Any]] = {}

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.server_port}/v3"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that do not trust us hang up; that is their right."""


class Handler(http.server.BaseHTTPRequestHandler):
    server: Keystone  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/v3/projects":
            made = body["project"] | {"id": f"p{len(self.server.projects)}-{time.monotonic_ns()}"}
            self.server.projects[made["id"]] = made
            self.reply(201, {"project": made})
        elif body["auth"]["identity"]["password"]["user"]["password"] != self.server.password:
            self.reply(401, {"error": {"message": "not you", "code": 401}})
        else:
            endpoints = [{"interface": "public", "region": "RegionOne", "url": self.server.url}]
            catalog = [{"type": "identity", "name": "keystone", "endpoints": endpoints}]
            token = {"catalog": catalog, "expires_at": "2999-01-01T00:00:00.000000Z", "project": {"id": "p"}}
            self.reply(201, {"token": token}, {"X-Subject-Token": "t1"})

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path == "/v3/auth/tokens":
            known = self.headers["X-Subject-Token"] == "t1" and not self.server.forgets
            self.reply(200 if known else 404, {"token": {}})
        elif path == "/v3/projects":
            name = query.partition("name=")[2]
            self.reply(200, {"projects": [each for each in self.server.projects.values() if each["name"] == name]})
        elif (project := path.rpartition("/")[2]) in self.server.projects:
            self.reply(200, {"project": self.server.projects[project]})
        else:
            links = [{"rel": "self", "href": self.server.url}]
            self.reply(200, {"version": {"id": "v3.14", "status": "stable", "links": links}})

    def do_DELETE(self) -> None:
        if not self.server.keeps:
            self.server.projects.pop(self.path.rpartition("/")[2])
        self.reply(204)

    def reply(self, status: int, body: dict[str, Any] | None = None, headers: dict[str, str] | None = None) -> None:
        time.sleep(self.server.hangs)
        if self.server.sick > 0:
            self.server.sick -= 1
            status, body, headers = 503, {"error": {"message": "not now", "code": 503}}, {}
        data = json.dumps(body).encode() if body is not None else b""
        self.send_response(status)
        for name, value in (
            {"Content-Length": str(len(data)), "Content-Type": "application/json"} | (headers or {})
        ).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

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


def cloud_at(port: int, *more: str) -> Cloud:
    """The default cloud with its VIP on this machine, and of its APIs only Keystone; and `more`."""
    lab = load("lab")
    management = replace(lab.networks["management"], vip=IPv4Address("127.0.0.1"))
    known = replace(lab.services["keystone"], endpoints=(Endpoint("keystone", port, "/v3", "identity"),))
    found = {"keystone": known} | {name: replace(known, name=name) for name in more}
    return replace(lab, networks={**lab.networks, "management": management}, services=found)


def fails(cloud: Cloud, state: State, *words: str) -> None:
    """Keystone's round trip fails, and these words are said of it. A busy machine gets more time to come that far."""
    for bound in (1, 4, 16):
        (found,) = verify(cloud, state.vault(), silent, bound)
        assert found.ok is False
        assert state.vault().password("admin") not in found.detail
        with pytest.raises(WaitError, match="keystone"):
            proved([found])
        if all(word in found.detail for word in words):
            return
    pytest.fail(found.detail)


def test_every_api_has_a_round_trip() -> None:
    """Of those that run in every cloud; another one is told as not verified until somebody writes it."""
    public = {name for name, each in services().items() if any(endpoint.public for endpoint in each.endpoints)}
    assert {name for name in public if services()[name].by_default} <= set(catalogue()) <= public


def test_a_good_one_leaves_nothing_behind(state: State, keystone: Keystone) -> None:
    keystone.projects["other"] = {"id": "other", "name": "yours"}
    keystone.projects["old"] = {"id": "old", "name": NAME}
    events: list[Event] = []
    (found,) = verify(cloud_at(keystone.server_port), state.vault(), events.append)
    assert (found.service, found.ok) == ("keystone", True), found.detail
    assert set(keystone.projects) == {"other"}, "nor what a killed run has left"
    assert [event.kind for event in events if event.kind != "wait"] == ["start", "note", "done"]
    assert events[-2].text.startswith("keystone ")
    proved([found])


def test_it_waits_for_a_cloud_that_is_nearly_there(state: State, keystone: Keystone) -> None:
    keystone.sick = 3
    (found,) = verify(cloud_at(keystone.server_port), state.vault())
    assert found.ok


def test_what_has_no_round_trip_is_not_verified(state: State, keystone: Keystone) -> None:
    found = verify(cloud_at(keystone.server_port, "zaqar"), state.vault())
    assert [(each.service, each.ok) for each in found] == [("keystone", True), ("zaqar", None)]
    proved(found)


def test_a_wrong_password(state: State, keystone: Keystone) -> None:
    keystone.password = "another"
    fails(cloud_at(keystone.server_port), state, "401")


def test_a_token_that_another_keystone_does_not_know(state: State, keystone: Keystone) -> None:
    keystone.forgets = True
    fails(cloud_at(keystone.server_port), state, "404")


def test_what_is_deleted_must_be_gone(state: State, keystone: Keystone) -> None:
    keystone.keeps = True
    fails(cloud_at(keystone.server_port), state, "still there")


def test_nobody_listens(state: State) -> None:
    fails(cloud_at(1), state, "Connection refused", "https://127.0.0.1:1/v3")


def test_a_hanging_api_ends_at_the_bound(state: State, keystone: Keystone) -> None:
    keystone.hangs = 20
    began = time.monotonic()
    fails(cloud_at(keystone.server_port), state, "timed out")
    assert time.monotonic() - began < 15


def test_a_certificate_of_another_authority_is_refused(state: State, tmp_path: Path) -> None:
    for server in serving(Keystone(Vault(tmp_path / "other"), state.vault().password("admin"))):
        fails(cloud_at(server.server_port), state, "CERTIFICATE_VERIFY_FAILED")


def test_a_certificate_of_another_name_is_refused(state: State) -> None:
    for server in serving(Keystone(state.vault(), state.vault().password("admin"), names="127.0.0.2")):
        fails(cloud_at(server.server_port), state, "CERTIFICATE_VERIFY_FAILED")


def test_every_daemon_must_be_up() -> None:
    def daemon(host: str, state: str = "up", status: str = "enabled") -> SimpleNamespace:
        return SimpleNamespace(binary="cinder-scheduler", host=host, state=state, status=status)

    wanted = [("cinder-scheduler", "c1"), ("cinder-scheduler", "c2")]
    assert all_up([daemon("c1"), daemon("c2@array"), daemon("c9", "down", "disabled")], wanted) == "3 daemons up"
    with pytest.raises(TripError, match=r"cinder-scheduler on c2$"):
        all_up([daemon("c1"), daemon("c2", "down")], wanted)
    with pytest.raises(TripError, match=r"cinder-scheduler on c2 \(not listed\)"):
        all_up([daemon("c1")], wanted)
