"""Where Masakari moves the guests: what a cloud needs for it, and that instance HA hands a lost host over once, to one
who does it. Over real HTTP; the Masakari at its other end answers what the real one would (19.0)."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest

from fournines.cloud import Cloud, load
from fournines.converge.resources import File
from fournines.errors import SpecError
from fournines.services import catalogue
from fournines.services._render import on_host
from fournines.services.onhost import instance_ha
from fournines.services.onhost.instance_ha_apis import AskError, Masakari
from fournines.services.onhost.instance_ha_rule import Compute, decide
from fournines.state import Vault

REPOSITORY = Path(__file__).parents[3]
G1 = {"name": "g1", "uuid": "u1", "failover_segment_id": "s", "on_maintenance": False}
GUEST = {"id": "a", "OS-EXT-STS:task_state": None, "OS-EXT-STS:vm_state": "active"}


class There(http.server.ThreadingHTTPServer):
    """Keystone, Nova and Masakari at one port."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.segments: list[dict[str, Any]] = [{"uuid": "s", "name": "fournines", "enabled": True}]
        self.hosts: list[dict[str, Any]] = [dict(G1)]
        self.notifications: list[dict[str, Any]] = []
        self.guests: list[dict[str, Any]] = [dict(GUEST)]
        self.refuses = 0
        """Status by which it answers whatever changes something; 1: it hangs up."""
        self.asked: list[tuple[str, str, Any]] = []

    @property
    def config(self) -> dict[str, Any]:
        url = f"http://127.0.0.1:{self.server_port}"
        common = {"ca": None, "user": "nova", "password": "", "secret": "", "keystone": url, "interval": 1, "fall": 6}
        return common | {"nova": url, "masakari": url, "hosts": {"g1": "127.0.0.1"}, "most": 2}

    def noted(self, status: str, event: str = "STOPPED") -> None:
        self.notifications.append({"status": status, "payload": {"event": event}})


class Handler(http.server.BaseHTTPRequestHandler):
    server: There  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        url = urlparse(self.path)
        if url.path == "/segments":
            self.reply(200, {"segments": self.server.segments})
        elif url.path == "/segments/s/hosts":
            self.reply(200, {"hosts": self.server.hosts})
        elif url.path == "/notifications":
            (status,) = parse_qs(url.query)["status"]
            found = [each for each in self.server.notifications if each["status"] == status]
            self.reply(200, {"notifications": found})
        else:
            self.reply(200, {"servers": self.server.guests})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/auth/tokens":
            self.reply(201, {})
            return
        self.server.asked.append((self.command, self.path, body))
        if self.server.refuses == 1:
            self.close_connection = True
        else:
            self.reply(self.server.refuses or 202, {})

    def do_PUT(self) -> None:
        self.do_POST()

    def reply(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("X-Subject-Token", "token")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def there() -> Iterator[There]:
    with There() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def masakari(there: There) -> Masakari:
    return Masakari(there.config, there.config["masakari"])


class TestItsTurn:
    def test_it_can_be_told_of_a_host_that_it_has_for_well(self, masakari: Masakari):
        assert masakari.turn("g1") == "due"

    @pytest.mark.parametrize("status", ["new", "running"])
    @pytest.mark.parametrize("maintenance", [True, False])
    def test_it_is_at_work_until_its_notification_has_ended(
        self, there: There, masakari: Masakari, status: str, maintenance: bool
    ):
        there.noted(status)
        there.hosts[0]["on_maintenance"] = maintenance
        assert masakari.turn("g1") == "busy"

    @pytest.mark.parametrize("status", ["finished", "error", "failed", "ignored"])
    def test_it_has_had_its_turn_when_it_takes_no_more(self, there: There, masakari: Masakari, status: str):
        there.noted(status)
        there.hosts[0]["on_maintenance"] = True
        assert masakari.turn("g1") == "over"

    def test_what_it_is_told_of_hosts_that_start_is_no_work(self, there: There, masakari: Masakari):
        there.noted("running", "STARTED")
        assert masakari.turn("g1") == "due"

    def test_it_moves_nobody_from_a_host_that_it_does_not_know(self, there: There, masakari: Masakari):
        there.hosts.clear()
        assert masakari.turn("g1") == "over"

    def test_nor_from_one_whose_segment_an_operator_has_disabled(self, there: There, masakari: Masakari):
        there.segments[0]["enabled"] = False
        assert masakari.turn("g1") == "over"


class TestTellingIt:
    def test_it_takes_only_the_word_that_the_state_is_certain(self, there: There, masakari: Masakari):
        masakari.tell("g1")
        ((verb, path, body),) = there.asked
        assert (verb, path) == ("POST", "/notifications")
        assert body["notification"]["hostname"] == "g1"
        assert body["notification"]["payload"] == {
            "event": "STOPPED",
            "cluster_status": "OFFLINE",
            "host_status": "NORMAL",
        }

    @pytest.mark.parametrize("status", [1, 500, 502, 504])
    def test_what_it_may_have_taken_counts_as_taken_for_a_while(self, there: There, masakari: Masakari, status: int):
        there.refuses = status
        with pytest.raises(AskError):
            masakari.tell("g1")
        assert masakari.turn("g1") == "busy"
        masakari.doubt_s = 0
        assert masakari.turn("g1") == "due"

    @pytest.mark.parametrize("status", [400, 409, 503])
    def test_what_it_refused_does_not(self, there: There, masakari: Masakari, status: int):
        there.refuses = status
        with pytest.raises(AskError):
            masakari.tell("g1")
        assert masakari.turn("g1") == "due"

    def test_nor_does_what_never_reached_it(self, there: There):
        gone = Masakari(there.config, "http://127.0.0.1:1")
        with pytest.raises(AskError):
            gone.tell("g1")
        assert gone.doubts == {}

    def test_a_host_that_is_well_can_be_told_of_again(self, there: There, masakari: Masakari):
        assert masakari.rearm(G1)
        assert there.asked == []
        assert masakari.rearm({**G1, "on_maintenance": True})
        assert there.asked == [("PUT", "/segments/s/hosts/u1", {"host": {"on_maintenance": False}})]

    def test_later_where_it_says_that_it_is_at_work(self, there: There, masakari: Masakari):
        there.refuses = 409
        assert not masakari.rearm({**G1, "on_maintenance": True})


class TestInstanceHa:
    """What its program does about a lost host; `decide` is the same with and without Masakari."""

    @pytest.fixture
    def program(self, there: There) -> instance_ha.Program:
        return instance_ha.Program(there.config)

    def seen(self, program: instance_ha.Program) -> Compute:
        program.hosts["g1"].missed, program.hosts["g1"].fenced = 6, True
        return program.compute("g1", program.hosts["g1"], {"forced_down": True, "status": "enabled"})

    def move(self, program: instance_ha.Program) -> None:
        found = self.seen(program)
        for action in decide([found, Compute("g2", answers=True)], 2):
            program.carry_out(action, found)

    def verbs(self, there: There) -> list[str]:
        return [f"{verb} {path}" for verb, path, _ in there.asked]

    def test_it_hands_the_host_over_once_and_moves_nobody(self, there: There, program: instance_ha.Program):
        self.move(program)
        assert self.verbs(there) == ["POST /notifications"]
        self.move(program)
        assert self.verbs(there) == ["POST /notifications"]

    def test_all_its_guests_are_being_moved_while_masakari_is_at_work(self, there: There, program: instance_ha.Program):
        there.noted("running")
        found = self.seen(program)
        assert (found.waiting, found.moving) == ((), ("a",))
        self.move(program)
        assert there.asked == []

    def test_so_its_return_is_not_admitted_before_the_end(self, there: There, program: instance_ha.Program):
        there.noted("running")
        program.hosts["g1"].said = {"boot": "2", "admitted": False, "running": []}
        found = program.compute("g1", program.hosts["g1"], {"forced_down": True, "status": "enabled"})
        assert [action.verb for action in decide([found], 2)] == ["wait"]

    def test_it_moves_those_that_masakari_left(self, there: There, program: instance_ha.Program):
        there.noted("error")
        there.hosts[0]["on_maintenance"] = True
        self.move(program)
        assert self.verbs(there) == ["POST /servers/a/action"]

    def test_nobody_does_anything_while_masakari_cannot_be_asked(self, there: There, program: instance_ha.Program):
        assert program.masakari
        program.masakari.url = "http://127.0.0.1:1"
        self.move(program)
        assert there.asked == []
        assert "Masakari cannot be asked" in program.unknown["g1"]

    def test_masakari_is_not_told_while_one_of_its_guests_is_moved_by_somebody_else(
        self, there: There, program: instance_ha.Program
    ):
        there.guests.append({**GUEST, "id": "b", "OS-EXT-STS:task_state": "rebuilding"})
        self.move(program)
        assert there.asked == []

    def test_a_host_that_is_well_again_can_be_lost_again(self, there: There, program: instance_ha.Program):
        there.hosts[0]["on_maintenance"] = True
        program.rearm()
        assert there.asked == [], "nothing is known of the host yet"
        program.seen, program.rearmed = [Compute("g1", answers=True)], -60
        program.rearm()
        assert self.verbs(there) == ["PUT /segments/s/hosts/u1"]
        assert program.spent == set()

    def test_without_masakari_it_moves_them_itself(self, there: There):
        program = instance_ha.Program({**there.config, "masakari": None})
        self.move(program)
        assert self.verbs(there) == ["POST /servers/a/action"]

    def test_its_program_is_whole(self):
        source = on_host("instance_ha.py", after=("instance_ha_rule.py", "instance_ha_apis.py"))
        compile(source, "instance_ha.py", "exec")
        assert "from fournines" not in source


class TestTheCloud:
    def placed(self, tmp_path: Path, more: str, text: str = "lab") -> Cloud:
        file = tmp_path / "cloud.yaml"
        file.write_text((REPOSITORY / f"clouds/{text}.yaml").read_text() + more)
        return load(file, catalogue())

    def told(self, cloud: Cloud, tmp_path: Path) -> str | None:
        files = catalogue()["instance-ha"].resources(cloud, cloud.host("c1"), Vault(tmp_path / "vault"))
        (config,) = (each for each in files if isinstance(each, File) and each.path.endswith("instance-ha.json"))
        return json.loads(config.content)["masakari"]

    def test_it_is_there_where_it_is_named(self, tmp_path: Path):
        without = self.placed(tmp_path, "")
        assert "masakari" not in without.services
        assert self.told(without, tmp_path) is None
        assert all("masakari" not in [need.target for need in each.needs] for each in without.services.values())
        cloud = self.placed(tmp_path, "services: {masakari: {}}\n")
        assert self.told(cloud, tmp_path) == "https://10.71.0.10:15868/v1"

    def test_it_comes_after_the_hosts_that_it_is_told_of(self, tmp_path: Path):
        order = list(self.placed(tmp_path, "services: {masakari: {}}\n").services)
        assert order.index("instance-ha") < order.index("nova-compute") < order.index("masakari")

    def test_a_cloud_without_guests_has_no_use_for_it(self, tmp_path: Path):
        lab = (REPOSITORY / "clouds/lab.yaml").read_text()
        file = tmp_path / "cloud.yaml"
        file.write_text(lab.replace("roles: [compute]", "roles: [network]") + "services: {masakari: {}}\n")
        with pytest.raises(SpecError, match="masakari: moves guests between hosts with the role compute"):
            load(file, catalogue())

    def test_no_option_lets_it_call_a_move_failed_that_still_goes_on(self, tmp_path: Path):
        with pytest.raises(SpecError, match="guest_bound_seconds"):
            self.placed(tmp_path, "services: {masakari: {guest_bound_seconds: 60}}\n")

    def test_an_unknown_option_is_refused(self, tmp_path: Path):
        with pytest.raises(SpecError, match="monitoring_interval"):
            self.placed(tmp_path, "services: {masakari: {monitoring_interval: 5}}\n")
