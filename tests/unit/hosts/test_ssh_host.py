from __future__ import annotations

import shlex
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from fournines.cloud.model import Ssh
from fournines.hosts.ssh import SshHost


def host(folder: Path, user: str = "root", key: str | None = None) -> SshHost:
    return SshHost("c1", Ssh("192.0.2.11", 2222, user, key), folder)


def remote(argv: list[str]) -> list[str]:
    """The words that the far shell makes of it, without the cleaning of its environment."""
    words = shlex.split(argv[-1])
    start = words.index("LANG=C.UTF-8") + 1
    return words[start:]


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=1))
def test_the_far_shell_sees_the_very_words(command: list[str]) -> None:
    assert remote(SshHost("c1", Ssh("192.0.2.11", 22, "root", None), Path("/tmp")).argv(command)) == command


def test_options_never_ask_and_never_hang(tmp_path: Path) -> None:
    argv = host(tmp_path, key="/keys/my key").argv(["true"])
    options = dict(argv[i + 1].split("=", 1) for i, word in enumerate(argv) if word == "-o")
    assert options["BatchMode"] == "yes"
    assert options["ConnectTimeout"] == "5"
    assert options["StrictHostKeyChecking"] == "accept-new"
    assert options["UserKnownHostsFile"] == str(tmp_path / "known_hosts")
    assert options["IdentityFile"] == '"/keys/my key"'
    assert argv[argv.index("-p") : argv.index("--")] == ["-p", "2222", "-l", "root", "192.0.2.11"]


def test_users_other_than_root_become_root_without_a_password(tmp_path: Path) -> None:
    words = shlex.split(host(tmp_path, user="debian").argv(["id"])[-1])
    assert words[:3] == ["sudo", "-n", "--"]
    assert shlex.split(host(tmp_path).argv(["id"])[-1])[0] == "env"


def test_the_control_socket_is_left_out_where_its_path_would_not_fit(tmp_path: Path) -> None:
    short = Path("/tmp/s")
    assert any(word.startswith("ControlPath=/tmp/s/") for word in host(short).argv(["true"]))
    deep = tmp_path / ("d" * 90)
    assert not any(word.startswith("Control") for word in host(deep).argv(["true"]))


def test_sockets_of_different_logins_differ() -> None:
    def path(one: SshHost) -> str:
        return next(word for word in one.argv(["true"]) if word.startswith("ControlPath="))

    folder = Path("/tmp/s")
    assert path(host(folder)) != path(host(folder, user="debian"))
    assert path(host(folder)) == path(host(folder))
