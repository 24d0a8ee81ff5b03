"""`nines up` of a lab ends with a guest that answers; what it builds is pretended here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest
from said import Nines

from fournines.cli import standing
from fournines.cli.clouds import load
from fournines.cloud import Cloud
from fournines.converge.events import silent
from fournines.demo.find import Guest
from fournines.errors import WaitError
from fournines.state import State

LAB = Path(__file__).parents[3] / "clouds/lab.yaml"
GUEST = Guest(address="10.71.3.99", fixed="192.168.172.5", server="8f0e", host="g2")


class Pretended:
    """What was asked for, in order; `failures` are how often the guest is waited for in vain."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.failures = 0
        self.off: Mapping[str, str] = {}

    def up(self, cloud: Cloud, *rest: object) -> None:
        self.done.append("hosts")

    def build(self, cloud: Cloud, *rest: object, always_prove: bool) -> object:
        self.done.append("services")
        told = {"cloud": cloud.name, "changed": False}
        return SimpleNamespace(cloud=cloud, text=lambda: "did nothing", as_json=lambda: told, verified=())

    def ensure(self, cloud: Cloud, *rest: object) -> Guest:
        self.done.append("guest")
        if self.failures:
            self.failures -= 1
            raise WaitError("the demo: waited in vain for the guest to run", "nines status")
        return GUEST


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> Pretended:
    made = Pretended()
    monkeypatch.setattr(standing.lab, "up", made.up)
    monkeypatch.setattr(standing.lab, "running", lambda state: made.off)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    monkeypatch.setattr(standing.build, "build", made.build)
    monkeypatch.setattr(standing, "ensure", made.ensure)
    monkeypatch.setattr(standing, "fleet", lambda cloud, state: {})  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    monkeypatch.setattr(standing, "OFF_WITHIN_S", 0.0)
    return made


def test_it_says_where_the_guest_answers_and_when_it_did(nines: Nines, pretended: Pretended) -> None:
    said = nines("up", "lab")
    assert said.code == 0
    assert pretended.done == ["hosts", "services", "guest"]
    line = next(line for line in said.out.splitlines() if line.startswith("lab is up after "))
    assert line.endswith("; the guest on g2 answers over TCP.")
    assert "  curl http://10.71.3.99/\n" in said.out


def test_as_json(nines: Nines, pretended: Pretended) -> None:
    found = json.loads(nines("up", "lab", "--json").out)
    assert found["guest"] == {"url": "http://10.71.3.99/", "host": "g2", "seconds": found["seconds"]}


def test_without_a_guest(nines: Nines, pretended: Pretended) -> None:
    assert json.loads(nines("up", "lab", "--no-guest", "--json").out)["guest"] is None
    said = nines("up", "lab", "--no-guest")
    assert pretended.done == ["hosts", "services"] * 2
    assert "answers" not in said.out
    assert "curl" not in said.out


@pytest.mark.parametrize("section", ["  n[1-2]:", "  s[1-3]:", "  g[1-2]:"])
def test_a_lab_that_can_have_no_guest(nines: Nines, pretended: Pretended, tmp_path: Path, section: str) -> None:
    text = LAB.read_text()
    start = text.index(section)
    file = tmp_path / "lab.yaml"
    file.write_text(text[:start] + text[text.index("\n\n", start) + 2 :])
    said = nines("up", str(file))
    assert (said.code, pretended.done) == (0, ["hosts", "services"]), said.err
    assert "answers" not in said.out


def test_real_hosts_get_none(pretended: Pretended, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NINES_STATE", str(tmp_path))
    assert standing.stand(load("metal-example"), State("metal"), silent, 0, guest=True).guest is None
    assert pretended.done == ["services"]


def test_a_guest_that_does_not_answer_fails_it(nines: Nines, pretended: Pretended) -> None:
    pretended.failures = 1
    said = nines("up", "lab")
    assert (said.code, said.out) == (6, "")
    assert "waited in vain for the guest to run" in said.err
    assert "to do: nines status" in said.err


def test_a_host_that_went_off_meanwhile_is_switched_on_again(nines: Nines, pretended: Pretended) -> None:
    pretended.failures, pretended.off = 1, {"g1": "on", "g2": "off"}
    assert nines("up", "lab").code == 0
    assert pretended.done == ["hosts", "services", "guest"] * 2
