"""From the words of a command line to what is printed and the exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from said import Nines, Said

from fournines.cli import app, build, clouds, verbs
from fournines.cloud import Cloud
from fournines.errors import HostError, NinesError
from fournines.hosts import Fleet
from fournines.state import State


@pytest.fixture
def nines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Nines:
    """Runs a command line in this process, with a state folder of its own."""
    monkeypatch.setenv("NINES_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("NINES_CLOUD", raising=False)

    def run(*words: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["nines", *words])
        with pytest.raises(SystemExit) as ended:
            app.run()
        seen = capsys.readouterr()
        code = ended.value.code
        assert isinstance(code, int)
        assert "Traceback" not in seen.out + seen.err
        return Said(code, seen.out, seen.err)

    return run


@dataclass(frozen=True)
class Local:
    """A host whose commands are shown, not run."""

    name: str

    def argv(self, command: Sequence[str]) -> list[str]:
        return ["on", self.name, *command]


@pytest.fixture
def execs(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Programs that a verb turned into."""
    seen: list[list[str]] = []

    def connect(given: str | None) -> tuple[Cloud, State, Fleet]:
        cloud = clouds.load(given)
        return cloud, State(cloud.name), {host.name: Local(host.name) for host in cloud.hosts}

    def execvp(file: str, argv: list[str]) -> None:
        assert file == argv[0]
        seen.append(argv)

    monkeypatch.setattr(clouds, "connect", connect)
    monkeypatch.setattr(os, "execvp", execvp)
    return seen


def test_help_names_every_verb(nines: Nines) -> None:
    said = nines("--help")
    assert said.code == 0
    files = {path.stem for path in Path(verbs.__path__[0]).glob("[a-z]*.py")}
    assert {"schema", "plan", "apply", "up", "down", "status", "ssh", "logs", "drill", "certs"} <= files
    for verb in files:
        assert f"\n  {verb} " in said.out
        assert nines(verb, "--help").code == 0
    assert "..." not in said.out.split("Commands:")[1]


def test_an_unknown_verb_suggests_the_near_one(nines: Nines) -> None:
    said = nines("shema")
    assert said.code == 2
    assert "'schema'" in said.err


def test_a_bad_file_is_told_by_place_all_at_once(nines: Nines, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("name: lab\nhost: {}\nnetworks:\n  management: {cidr: nonsense}\n")
    for verb in ("plan", "apply", "up", "status"):
        said = nines(verb, str(path))
        assert (said.code, said.out) == (2, "")
        assert f"{path}:2:1: " in said.err
        assert f"{path}:4:" in said.err


def test_a_name_without_a_file_suggests_the_near_one(nines: Nines) -> None:
    said = nines("plan", "labb")
    assert said.code == 2
    assert "did you mean lab?" in said.err


def test_schema_is_a_json_schema_with_the_services_in_it(nines: Nines) -> None:
    said = nines("schema")
    assert said.code == 0
    schema = json.loads(said.out)
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert "keystone" in json.dumps(schema["properties"]["services"])


def test_two_runs_at_once_are_refused_naming_the_other(nines: Nines) -> None:
    with State("lab").lock("up"):
        for verb in ("plan", "apply"):
            said = nines(verb)
            assert said.code == 4
            assert f"nines up (pid {os.getpid()})" in said.err


def test_two_clouds_are_refused(nines: Nines) -> None:
    assert nines("plan", "lab", "--cloud", "other").code == 2


def test_a_known_error_is_told_with_its_remedy(nines: Nines, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(given: object) -> None:
        raise HostError("c1", "is down", "power it on")

    monkeypatch.setattr(clouds, "connect", fail)
    assert nines("status") == Said(5, "", "c1: is down\nto do: power it on\n")


def test_a_bug_is_told_in_two_lines_and_its_traceback_saved(nines: Nines, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(given: object) -> None:
        raise ZeroDivisionError("one by none")

    monkeypatch.setattr(clouds, "connect", fail)
    said = nines("status")
    assert (said.code, said.out) == (70, "")
    first, second = said.err.splitlines()
    assert first == "this is a bug in nines: ZeroDivisionError: one by none"
    saved = Path(second.split()[-1])
    assert saved.stat().st_mode & 0o777 == 0o600
    assert "ZeroDivisionError: one by none" in saved.read_text()


def test_interrupted(nines: Nines, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(clouds, "connect", interrupt)
    said = nines("status")
    assert (said.code, said.out, said.err) == (130, "", "interrupted\n")


def test_a_reader_that_goes_away_is_no_bug() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([sys.executable, "-m", "fournines.cli", "schema"], stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    assert (done.returncode, done.stderr) == (1, b"")


def test_ssh_becomes_the_command_on_the_host(nines: Nines, execs: list[list[str]]) -> None:
    nines("ssh", "c1")
    nines("ssh", "c2", "systemctl status | head -1")
    nines("ssh", "-c", "lab", "c3", "ls", "-l", "--help", "a b")
    assert execs == [
        ["on", "c1", "bash", "-l"],
        ["on", "c2", "bash", "-c", "systemctl status | head -1"],
        ["on", "c3", "ls", "-l", "--help", "a b"],
    ]


def test_ssh_to_no_such_host_suggests_the_near_one(nines: Nines, execs: list[list[str]]) -> None:
    said = nines("ssh", "c11")
    assert said.code == 5
    assert "did you mean c1?" in said.err
    assert execs == []


def test_logs_of_a_service_are_those_of_its_units(nines: Nines, execs: list[list[str]]) -> None:
    nines("logs", "c1")
    nines("logs", "c2", "keystone", "-f", "-n", "5")
    units = ["--unit=keystone.service", "--unit=keystone-fernet.service"]
    assert execs == [
        ["on", "c1", "journalctl", "--no-pager", "--lines=100"],
        ["on", "c2", "journalctl", "--no-pager", "--lines=5", "--follow", *units],
    ]


def test_logs_of_no_such_service_suggest_the_near_one(nines: Nines, execs: list[list[str]]) -> None:
    said = nines("logs", "c1", "keyston")
    assert said.code == 1
    assert "did you mean keystone?" in said.err
    assert execs == []


def test_a_drill_with_an_unknown_fault_names_the_near_one(nines: Nines) -> None:
    said = nines("drill", "power-los")
    assert said.code == 7
    assert "power-loss" in said.err


def test_a_drill_that_injures_wants_a_target(nines: Nines) -> None:
    said = nines("drill", "power-loss")
    assert said.code == 2
    assert "--target" in said.err


def test_certs_lists_what_there_is_and_makes_none(nines: Nines, execs: list[list[str]]) -> None:
    said = nines("certs")
    assert said.code == 0
    assert "galera-c2     none yet              c2\n" in said.out
    vault = State("lab").vault()
    assert vault.certificates() == {}
    vault.certificate("api", ["10.71.0.10"])
    assert "api           396 days" in nines("certs").out
    assert json.loads(nines("certs", "--json").out)["api"]["hosts"] == ["c1", "c2", "c3"]


def test_certs_rotate_rolls_new_ones_out_under_the_lock(
    nines: Nines, execs: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = State("lab").vault()
    for name in ("api", "galera-c1", "bmc"):
        vault.certificate(name, [name])
    old = vault.certificates()
    left: list[list[str]] = []

    def rolled(cloud: object, state: State, *rest: object, always_prove: bool) -> None:
        assert always_prove
        with pytest.raises(NinesError), state.lock("another"):
            pass
        left.append(list(state.vault().certificates()))

    monkeypatch.setattr(build, "build", rolled)
    assert nines("certs", "rotate").code == 0
    assert left == [["bmc", "ca"]], "those of the cloud's daemons, for the services to ask for anew"
    assert vault.certificates()["ca"] == old["ca"]
    assert nines("certs", "rotte").code == 2


def test_down_leaves_real_hosts_alone(nines: Nines) -> None:
    said = nines("down", "metal-example")
    assert said.code == 1
    assert "real" in said.err


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("name: prod\n", "prod"),
        ("# a cloud\nname: 'prod'  # ours\nhosts: [\n", "prod"),
        ("hosts: [\n", "file"),
        ("", "file"),
    ],
)
def test_the_name_is_known_though_the_file_is_broken(tmp_path: Path, text: str, name: str) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(text)
    assert clouds.name(str(path)) == name


def test_the_name_is_known_though_there_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    assert clouds.name("t1") == "t1"
    monkeypatch.delenv("NINES_CLOUD", raising=False)
    assert clouds.name(None) == "lab"
    monkeypatch.setenv("NINES_CLOUD", "t2")
    assert clouds.name(None) == "t2"


@pytest.mark.parametrize("given", ["..", "UPPER", "a" * 17, "."])
def test_what_is_no_name_is_refused(given: str) -> None:
    with pytest.raises(NinesError):
        clouds.name(given)
