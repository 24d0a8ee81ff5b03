"""Options that an OpenStack service would silently ignore are refused, before anything is written."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

import pytest
from converge_support import LocalHost, execute_doubles

from fournines.converge.agent import oslo, programs, schema
from fournines.converge.agent.machine import Refusal
from fournines.converge.agent.programs import Ran
from fournines.converge.resources import File, Package
from fournines.errors import HostError

CONF = "/etc/nova/nova.conf"
KNOWN = {
    "namespaces": {
        "nova.conf": {
            "DEFAULT": ["my_ip", "my-ip"],
            "placement": ["auth_type", "auth-type", "region_name"],
            "backend_defaults": ["volume_driver"],
        },
        "oslo.messaging": {"oslo_messaging_rabbit": ["rabbit_quorum_queue", "ssl"], "DEFAULT": ["transport_url"]},
    },
    "auth": {"password": ["auth_url", "username"]},
    "broken": {"bad.tests": "ModuleNotFoundError: No module named 'tempest'"},
}


def nova(content: str, *oslo: str, groups: tuple[tuple[str, str], ...] = ()) -> File:
    namespaces = oslo or ("nova.conf", "oslo.messaging")
    return File(path=CONF, content=content, oslo=namespaces, oslo_groups=groups, secret=True)


@pytest.fixture
def knowing(inside: LocalHost) -> LocalHost:
    """A host with Nova installed, whose schema was asked for before."""
    inside.put(f"{schema.LIBRARIES}/nova-31.0.0.egg-info/entry_points.txt", "")
    made_of = schema.distributions(str(inside.path(schema.LIBRARIES)))
    inside.put(oslo.KEPT, json.dumps({"made_of": made_of, **KNOWN}))
    return inside


GOOD = """\
# [nonsense]
[DEFAULT]
my_ip = 10.0.0.1
transport_url = rabbit://nova:hunter2@c1,
   nova:hunter2@c2

[oslo_messaging_rabbit]
ssl: true
rabbit_quorum_queue=true
[placement]
auth_type = password
auth_url = https://x:5000/v3
username = placement
"""


def test_what_the_service_knows_is_written(knowing: LocalHost) -> None:
    assert knowing.look(nova(GOOD))
    knowing.write(nova(GOOD))
    assert knowing.look(nova(GOOD)) == []
    backend = "[DEFAULT]\nmy-ip = 1\n[ceph-1]\nvolume_driver = x\n"
    assert knowing.look(nova(backend, groups=(("ceph-1", "backend_defaults"),)))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            ("rabbit_quorum_queue=", "rabbit_quorum_queues="),
            f"[oslo_messaging_rabbit] rabbit_quorum_queues in {CONF} is no option of nova; "
            "did you mean rabbit_quorum_queue?",
        ),
        (("ssl:", "my_ip:"), f"[oslo_messaging_rabbit] my_ip in {CONF} is no option of nova; it is one of [DEFAULT]"),
        (
            ("[placement]", "[placment]"),
            f"[placment] auth_url in {CONF} is no option of nova; there is no such section, did you mean [placement]?",
        ),
        # What the real validator lets pass: it cannot know what a plugin takes.
        (("username", "user"), f"[placement] user in {CONF} is no option of nova; did you mean username?"),
        (("auth_type = password\n", ""), f"[placement] auth_url in {CONF} is no option of nova"),
        (("= password", "= pasword"), f"[placement] auth_type in {CONF}: no such plugin: pasword"),
    ],
)
def test_an_unknown_option_is_refused_with_the_nearest_known_one(
    knowing: LocalHost, change: tuple[str, str], told: str
) -> None:
    wrong = nova(GOOD.replace(*change))
    assert wrong.content != GOOD
    for act in (knowing.look, knowing.write):
        with pytest.raises(Refusal) as caught:
            act(wrong)
        assert told in str(caught.value)
        assert "hunter2" not in str(caught.value)
        assert caught.value.remedy
    assert not knowing.path(CONF).exists()


def test_all_unknown_options_of_all_files_are_told_at_once(knowing: LocalHost) -> None:
    other = File(path="/etc/nova/other.conf", content="[DEFAULT]\nmy_ipp = 1\n", oslo=("nova.conf",))
    with pytest.raises(Refusal) as caught:
        knowing.look(nova("[DEFAULT]\na_b_c = 1\nd_e_f = 2\n"), other)
    assert [line.split()[1] for line in str(caught.value).splitlines()[1:]] == ["a_b_c", "d_e_f", "my_ipp"]
    with pytest.raises(Refusal, match=r"\n  and 5 more$"):
        knowing.look(nova("[DEFAULT]\n" + "".join(f"x_{number} = 1\n" for number in range(25))))


def test_a_file_without_namespaces_is_not_judged(knowing: LocalHost) -> None:
    assert knowing.look(File(path="/etc/my.cnf", content="[anything]\ngoes = 1\n"))


def test_a_namespace_that_no_package_has_is_refused_but_only_once_all_are_installed(
    knowing: LocalHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "execute", answering([]))
    wrong = nova("[x]\ny = 1\n", "novva.conf")
    assert knowing.look(Package(name="nova-api"), wrong), "nothing is known of what is not installed"
    with pytest.raises(Refusal, match=rf"^{CONF}: no options of novva.conf to compare with: no installed package"):
        knowing.look(wrong)
    with pytest.raises(Refusal, match=r"no options of bad\.tests to compare with: ModuleNotFoundError"):
        knowing.look(nova("", "bad.tests"))


def test_after_packages_were_installed_the_check_comes_before_any_file(
    knowing: LocalHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    knowing.put("/index", "")
    knowing.path(oslo.KEPT).unlink()
    questions: list[list[str]] = []
    monkeypatch.setattr(programs, "execute", answering(questions))
    wanted = (Package(name="nova-api"), nova("[DEFAULT]\nmy_ipp = 1\n", "nova.conf"))
    assert len(knowing.look(*wanted)) == 2
    assert questions == [], "nothing is asked while packages are missing"
    with pytest.raises(Refusal, match="did you mean my_ip"):
        knowing.write(*wanted)
    assert "apt-get install nova-api" in knowing.calls()
    assert not knowing.path(CONF).exists()


def test_the_schema_is_asked_for_once_for_each_set_of_installed_packages(
    knowing: LocalHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions: list[list[str]] = []
    monkeypatch.setattr(programs, "execute", answering(questions))
    knowing.path(oslo.KEPT).unlink()
    for _ in range(2):
        knowing.look(nova("[DEFAULT]\nmy_ip = 1\n", "nova.conf"))
    assert questions == [["nova.conf"]]
    for _ in range(2):
        knowing.look(nova(GOOD))
    assert questions == [["nova.conf"], ["oslo.messaging"]], "only what is not known yet"
    # dpkg renames files into the folder, whichever part of the version is new.
    entry = knowing.path(f"{schema.LIBRARIES}/nova-31.0.0.egg-info/entry_points.txt")
    entry.with_name("new").write_text("")
    entry.with_name("new").rename(entry)
    for _ in range(2):
        knowing.look(nova(GOOD))
    assert questions[2:] == [["nova.conf", "oslo.messaging"]]


def answering(questions: list[list[str]]) -> Callable[..., Ran]:
    """The doubles, and a python3 that answers for the packages' own listing."""

    def execute(argv: list[str], stdin: str = "", timeout: float = 60.0) -> Ran:
        if argv[0] != "python3":
            return execute_doubles(argv, stdin, timeout)
        assert argv[1:3] == ["-IB", "-c"]
        assert "oslo.config.opts" in argv[3], "the program's own source"
        questions.append(argv[4:])
        found = {name: groups for name, groups in KNOWN["namespaces"].items() if name in argv[4:]}
        made_of = schema.distributions(os.environ["NINES_ROOT"] + schema.LIBRARIES)
        return Ran(0, json.dumps({**KNOWN, "namespaces": found, "made_of": made_of}), "")

    return execute


def test_the_program_runs_from_the_source_that_was_sent(host: LocalHost) -> None:
    """By a real agent and this machine's python3, which has no OpenStack: it says so."""
    host.put(f"{schema.LIBRARIES}/nova-31.0.0.egg-info/entry_points.txt", "")
    with pytest.raises(HostError, match=r"no options of nova\.conf, oslo.messaging to compare with: no installed"):
        host.ask("look", resources=[nova(GOOD).as_data()], checks={}, limit=10)
