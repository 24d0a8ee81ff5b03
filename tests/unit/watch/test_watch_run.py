"""The whole of it: `nines watch` as its users start it, and against a real server, until a signal."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from little_cloud import PASSWORD, LittleCloud
from little_guests import Guest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from test_watch_metrics import Series

from fournines.cloud.names import WATCHES
from fournines.errors import NinesError
from fournines.state import State
from fournines.watch.run import until_told
from fournines.watch.serve import Listen, served

CLOUDS = Path(__file__).parents[3] / "clouds"
_AGAINST = """
import json, sys
from fournines.cli.clouds import load
from fournines.probes import Api
from fournines.watch.run import watch
from fournines.watch.serve import Listen
at, tell = Api(**json.load(sys.stdin)), lambda text: print(text, flush=True)
watch(load("lab"), at, Listen("127.0.0.1", 0), 2, tell, sys.argv[1:])
"""
"""`watch` at a server that tests can break: the command line knows clouds, whose addresses are their own."""


def scrape(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        return answer.read().decode()


def series(text: str) -> Series:
    families = text_string_to_metric_families(text)
    return {(each.name, frozenset(each.labels.items())): each.value for family in families for each in family.samples}


def requests(text: str, probe: str, outcome: str) -> float:
    return sum(
        value
        for (name, labels), value in series(text).items()
        if name == "fournines_probe_requests_total" and {("probe", probe), ("outcome", outcome)} <= labels
    )


def until(url: str, good: Callable[[str], bool]) -> str:
    ends = time.monotonic() + 60
    while not good(text := scrape(url)):
        assert time.monotonic() < ends, text
        time.sleep(0.1)
    return text


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    return {**os.environ, "NINES_STATE": str(tmp_path / "state"), "TMPDIR": str(temporary)}


def watching(environment: dict[str, str], *requested: str) -> subprocess.Popen[str]:
    """A watch in a process of its own, which is told on standard input where to ask."""
    return subprocess.Popen(
        [sys.executable, "-c", _AGAINST, *requested],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
    )


def test_an_outage_as_prometheus_sees_it(keystone: LittleCloud, environment: dict[str, str]) -> None:
    with watching(environment) as process:
        try:
            assert process.stdin
            assert process.stdout
            process.stdin.write(json.dumps(asdict(keystone.api())))
            process.stdin.close()
            url = process.stdout.readline().split()[-1]
            before = until(url, lambda text: requests(text, "token", "ok") >= 3)
            assert requests(before, "token", "error") == 0
            keystone.become("error")
            during = until(url, lambda text: requests(text, "compute-read", "error") >= 2)
            who = {"cloud": "lab", "probe": "compute-read", "service": "nova", "column": "read"}
            assert series(during)["fournines_probe_outages_total", frozenset(who.items())] == 1
            assert series(during)["fournines_probe_outage_seconds", frozenset(who.items())] > 0
            assert 'kind="status 503"' in during
            keystone.become("up")
            served = requests(during, "compute-read", "ok")
            after = until(
                url,
                lambda text: (
                    requests(text, "compute-read", "ok") > served
                    and series(text)["fournines_probe_outage_seconds", frozenset(who.items())] == 0
                ),
            )
            assert series(after)["fournines_probe_outages_total", frozenset(who.items())] == 1
            for secret in (PASSWORD, keystone.api().secret, *keystone.tokens):
                assert secret not in after
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
            assert process.stderr
            assert process.stderr.read() == ""
            assert not list(Path(environment["TMPDIR"]).iterdir()), "nothing is left"
        finally:
            process.kill()


def test_a_guest_in_the_making_does_not_outlive_the_watch(keystone: LittleCloud, environment: dict[str, str]) -> None:
    for name in ("fournines-watch-9", "fournines-probe-9"):
        guest = Guest(name, {})
        keystone.guests.servers[guest.id] = guest
    keystone.guests.boots_s = 600
    with watching(environment, "create-to-answer") as process:
        try:
            assert process.stdin
            process.stdin.write(json.dumps(asdict(keystone.api(names=WATCHES))))
            process.stdin.close()
            ends = time.monotonic() + 90
            while not keystone.guests.addresses:
                assert time.monotonic() < ends
                time.sleep(0.05)
            assert keystone.guests.names == {"fournines-probe-9", "fournines-watch-0"}, "a drill's is the drill's"
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
            assert process.stderr
            assert process.stderr.read() == ""
            assert keystone.guests.names == {"fournines-probe-9"}
        finally:
            process.kill()


def nines(environment: dict[str, str], *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "fournines.cli", "watch", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True)


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code and what it said on standard error."""
    try:
        return process.wait(60), process.communicate()[1]
    finally:
        process.kill()


@pytest.fixture
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A cloud whose addresses are this machine's own, where nobody listens, and whose secrets are here."""
    text = (CLOUDS / "lab.yaml").read_text().replace("10.71.", "127.71.").replace("name: lab", "name: nobody")
    path = tmp_path / "nobody.yaml"
    path.write_text(text)
    monkeypatch.setenv("NINES_STATE", str(tmp_path / "state"))
    State("nobody").vault().password("admin")
    return str(path)


def test_a_cloud_that_is_down_is_measured_and_a_dead_prober_is_an_error(
    environment: dict[str, str], nobody: str
) -> None:
    process = nines(environment, "-c", nobody, "--listen", "127.0.0.1:0", "--speed", "2")
    assert process.stderr
    url = process.stderr.readline().split()[-1]
    until(url, lambda text: requests(text, "token", "error") >= 2)
    (prober,) = [
        int(child)
        for children in Path(f"/proc/{process.pid}/task").glob("*/children")
        for child in children.read_text().split()
    ]
    os.kill(prober, signal.SIGKILL)
    code, said = ended(process)
    assert code == 7
    assert said.splitlines() == [
        "the prober ended by itself (exit -9): it said nothing",
        "to do: start nines watch again; as a service it is (docs/watching.md)",
    ]


def test_interrupted_while_it_starts(environment: dict[str, str], nobody: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = nines(environment, "-c", nobody, "--listen", f"127.0.0.1:{port}")
    ends = time.monotonic() + 60
    with socket.socket() as probe:
        while probe.connect_ex(("127.0.0.1", port)):
            assert time.monotonic() < ends
            time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert ended(process)[0] == 0


def test_a_place_that_is_taken_is_told_with_what_to_do(environment: dict[str, str], nobody: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        code, said = ended(nines(environment, "-c", nobody, "--listen", where))
    assert code == 1
    assert f"cannot listen on {where}: Address already in use" in said
    assert "to do: does another nines watch run here?" in said


def test_a_cloud_that_was_never_built_here_has_no_secrets_and_gets_none(environment: dict[str, str]) -> None:
    code, said = ended(nines(environment, "-c", "lab", "--listen", "127.0.0.1:0"))
    assert code == 1
    assert "no secrets of the cloud lab here" in said
    assert not (Path(environment["NINES_STATE"]) / "lab/vault").exists()


@pytest.mark.parametrize("text", ["9464", ":9464", "localhost", "localhost:", "h:65536", "h:-1", "::1:9464", "h:٣"])
def test_no_place_to_listen(text: str) -> None:
    with pytest.raises(ValueError, match=r"HOST:PORT|brackets"):
        Listen.parse(text)


@pytest.mark.parametrize("text", ["127.0.0.1:9464", "[::1]:9464", "localhost:0"])
def test_places_to_listen(text: str) -> None:
    assert str(Listen.parse(text)) == text


def test_an_address_of_somebody_else() -> None:
    with (
        pytest.raises(NinesError, match=r"cannot listen on 192\.0\.2\.1:0: "),
        served(CollectorRegistry(), Listen("192.0.2.1", 0)),
    ):
        pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_block_and_only_once(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    left: list[str] = []
    with until_told():
        try:
            os.kill(os.getpid(), number)
            time.sleep(10)
        finally:
            os.kill(os.getpid(), number)
            left.append("in peace")
    assert left == ["in peace"]
    assert signal.getsignal(number) is before
