"""What can go wrong on the way to an agent is one clear HostError, within the bound."""

from __future__ import annotations

import importlib
import os
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from converge_support import LocalHost

from fournines.converge.transport import call, together
from fournines.errors import HostError, WaitError


@dataclass(frozen=True)
class Shell:
    """A host on which every command is this shell script."""

    name: str
    script: str

    def argv(self, command: Sequence[str]) -> list[str]:
        return ["sh", "-c", self.script]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (
            "echo 'ssh: connect to host c1: No route' >&2; exit 255",
            r"^c1: no answer \(exit 255\): ssh: connect .* route$",
        ),
        ("exit 0", r"^c1: no answer \(exit 0\): nothing was said$"),
        ("cat >/dev/null; echo Welcome to Debian; sleep 5", r"^c1: this is no answer of the agent: Welcome to Debian$"),
        ('echo \'{"error": "systemd does not answer"}\'', r"^c1: systemd does not answer$"),
        ("exec sleep 30", r"^c1: no answer within 0.5 s$"),
    ],
)
def test_no_answer(script: str, message: str) -> None:
    began = time.monotonic()
    with pytest.raises(HostError, match=message):
        call(Shell("c1", script), {"op": "look"}, timeout=0.5 if "30" in script else 20)
    assert time.monotonic() - began < 4


def test_a_way_in_that_does_not_exist() -> None:
    class Nowhere(Shell):
        def argv(self, command: Sequence[str]) -> list[str]:
            return ["/no/such/nsenter", *command]

    with pytest.raises(HostError, match=r"^c1: cannot reach it: .*nsenter"):
        call(Nowhere("c1", ""), {"op": "look"}, timeout=5)


def test_a_request_larger_than_any_pipe_arrives() -> None:
    size = 4 * 1024 * 1024
    script = 'n=$(wc -c); echo "{\\"result\\": {\\"bytes\\": $n}}"'
    answer = call(Shell("c1", script), {"content": "x" * size}, timeout=20)
    assert answer["bytes"] > size


def test_together_tells_all_failures_in_one_error_after_all_have_ended() -> None:
    ended: list[str] = []

    def fails(host: str) -> None:
        time.sleep(0.1)
        ended.append(host)
        raise WaitError(f"{host}: waited") if host == "c3" else HostError(host, "is down")

    with pytest.raises(HostError) as caught:
        together({host: lambda h=host: fails(h) for host in ("c1", "c2", "c3")})
    assert str(caught.value) == "c1, c2: is down\nc3: waited", "what hosts have alike is told once"
    assert sorted(ended) == ["c1", "c2", "c3"]


def test_together_does_no_more_than_asked_at_a_time() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def work(host: str) -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.05)
        with lock:
            running -= 1
        return host

    hosts = [f"c{number}" for number in range(6)]
    assert together({host: lambda h=host: work(h) for host in hosts}, at_once=2) == {host: host for host in hosts}
    assert most == 2


@pytest.mark.parametrize(("nice", "niceness"), [(False, os.nice(0)), (True, 19)])
def test_everything_else_on_the_host_comes_first_when_asked(nice: bool, niceness: int) -> None:
    class Here(Shell):
        def argv(self, command: Sequence[str]) -> list[str]:
            # What comes before the interpreter says how it is run.
            return [*command[: command.index("python3")], "sh", "-c", self.script]

    script = 'cat > /dev/null; echo "{\\"result\\": {\\"nice\\": $(nice)}}"'
    assert call(Here("c1", script), {"op": "look"}, timeout=20, nice=nice)["nice"] == niceness


def test_a_bug_of_the_agent_names_its_file_and_line(host: LocalHost) -> None:
    """Not a line of the one program that the modules were joined into."""
    with pytest.raises(HostError) as caught:
        host.ask("wait", check={"kind": "no such kind", "timeout": 1}, bound=1)
    found = re.search(r"the agent failed: KeyError: 'no such kind' \(agent/(\w+)\.py, line (\d+)\)", str(caught.value))
    assert found, str(caught.value)
    module = importlib.import_module(f"fournines.converge.agent.{found[1]}")
    line = Path(module.__file__ or "").read_text().splitlines()[int(found[2]) - 1]
    assert 'CHECKS[check["kind"]]' in line
