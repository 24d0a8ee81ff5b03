"""The whole cloud of the README's first command: what stands, what a second run does, what a change does."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from standing_lab import REPOSITORY, Standing

from fournines.converge import deploy
from fournines.converge.agent.oslo import parsed
from fournines.converge.plan import plan
from fournines.converge.resources import File
from fournines.converge.steps import HostPart, Stage
from fournines.errors import HostError
from fournines.hosts import run

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(os.geteuid() != 0, reason="a lab needs root: namespaces, mounts and cgroups"),
]

HOSTS = ("c1", "c2", "c3")
"""Where UNITS run."""
UNITS = (
    "corosync",
    "etcd",
    "galera-member",
    "haproxy",
    "haproxy-local",
    "keystone",
    "keystone-fernet.timer",
    "mariadb",
    "memcached",
    "pacemaker",
    "rabbitmq-server",
)


def oslo_files(standing: Standing, host: str) -> list[File]:
    """Every rendered oslo file of that host, whatever service it is of."""
    return [
        resource
        for stage in deploy.stages(standing.cloud, standing.state.vault())
        for part in stage.parts
        if part.host == host
        for resource in part.resources
        if isinstance(resource, File) and resource.oslo
    ]


def validated(standing: Standing, host: str, file: File, path: str) -> list[str]:
    """What oslo.config's own validator says against that file, as `section/option`."""
    words = [f"--namespace={name}" for name in file.oslo]
    # Sections that a file names itself are in no list of options; `oslo_groups` says what is in them.
    words += [f"--exclude-group={section}" for section, _ in file.oslo_groups]
    command = f'exit=0; oslo-config-validator "$@" --input-file {path} 2>&1 || exit=$?; echo "exit $exit"'
    # An import of Cinder is 3 s of CPU, which a machine that tests share may take minutes for.
    told = run(standing.fleet[host], ["sh", "-c", command, "sh", *words], timeout=300).splitlines()
    wrong = [line.split()[0].removeprefix("ERROR:root:") for line in told if "not part of the sample config" in line]
    assert told[-1] == ("exit 1" if wrong else "exit 0"), told
    return wrong


def starts(standing: Standing) -> dict[tuple[str, str], str]:
    """(host, unit) -> which activation of it this is: another one after any restart."""
    command = ("systemctl", "show", "--value", "-p", "InvocationID", *UNITS)
    found: dict[tuple[str, str], str] = {}
    for host in HOSTS:
        for unit, activation in zip(UNITS, standing.on(host, *command).split(), strict=True):
            found[host, unit] = activation
    return found


def test_status_says_that_all_is_well(standing: Standing):
    standing.well()
    status = standing.json("status")
    assert status["ok"] is True
    assert status["problems"] == []
    assert len(status["vip"]["holders"]) == 1
    for host in standing.cloud.hosts:
        services = status["hosts"][host.name]["services"]
        assert set(services) == {name for name, each in standing.cloud.services.items() if host in each.hosts}
        assert all(service["ok"] for service in services.values())
    writers = {status["hosts"][host]["services"]["galera"]["facts"]["writer"] for host in HOSTS}
    assert len(writers) == 1, "every host's database proxy leads to the same writer"


def test_a_stock_client_gets_a_token(standing: Standing):
    path = standing.json("status")["clouds_yaml"]
    assert os.stat(path).st_mode & 0o777 == 0o600
    token = subprocess.run(
        [REPOSITORY / ".venv/bin/openstack", "--os-cloud", "test", "token", "issue", "-f", "json"],
        env={**os.environ, "OS_CLIENT_CONFIG_FILE": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert token.returncode == 0, token.stderr
    assert json.loads(token.stdout)["id"].startswith("gAAAA"), "a fernet token"


def test_a_second_apply_changes_nothing_and_restarts_nothing(standing: Standing):
    before = starts(standing)
    applied = standing.json("apply")
    assert applied["changes"] == applied["moved"] == applied["steps"] == []
    assert standing.json("plan")["changes"] == []
    assert starts(standing) == before


def test_drift_is_shown_and_mended_without_a_restart(standing: Standing):
    """No daemon has read what somebody wrote into its files since it was started: there is nothing to restart."""
    standing.on("c2", "sh", "-c", "echo '-c 77' >> /etc/memcached.conf")
    standing.on("c2", "sh", "-c", "echo 'debug = true' >> /etc/keystone/keystone.conf")
    before = starts(standing)
    shown = standing.nines("plan").stdout
    assert "-c 77" in shown, "a unified diff"
    assert "secret changed" in shown
    assert "debug = true" not in shown, "keystone.conf holds a password: its diff is masked"
    standing.nines("apply")
    assert "-c 77" not in standing.on("c2", "cat", "/etc/memcached.conf")
    assert standing.json("plan")["changes"] == []
    assert starts(standing) == before


def test_a_change_restarts_what_reads_it_one_member_at_a_time(standing: Standing, tmp_path: Path):
    changed = standing.changed(tmp_path, services="  memcached: {megabytes: 48}\n")
    before = starts(standing)
    try:
        applied = json.loads(standing.nines("apply", "--json", file=changed).stdout)
        assert [(move["unit"], move["action"]) for move in applied["moved"]] == [("memcached.service", "restart")] * 3
        after = starts(standing)
        assert {key for key in before if before[key] != after[key]} == {(host, "memcached") for host in HOSTS}
        told = [json.loads(line) for line in standing.state.journal.read_text().splitlines()]
        pid = told[-1]["pid"]
        order = [
            (event["host"], event["text"].split()[0])
            for event in told
            if event["pid"] == pid
            and event["stage"] == "memcached"
            and event["text"] in ("restart memcached.service", "healthy")
        ]
        assert order == [(host, what) for host in HOSTS for what in ("restart", "healthy")]
    finally:
        standing.nines("apply")


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(
    "command",
    [
        ("haproxy", "-c", "-f", "/etc/haproxy/haproxy.cfg"),
        ("haproxy", "-c", "-f", "/etc/haproxy/local.cfg"),
        ("corosync", "-t"),
        ("crm_verify", "--live-check"),
        ("mariadbd", "--user=mysql", "--verbose", "--help"),
        ("systemd-analyze", "verify", "--recursive-errors=no", "mariadb.service", "keystone.service"),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_the_daemons_own_checkers_accept_what_was_rendered(built: Standing, host: str, command: tuple[str, ...]):
    built.on(host, *command)


# The validator knows what a keystoneauth plugin takes in some sections only; `nines` knows it in all with an auth_type.
PLUGIN = {"auth_type", "auth_url", "username", "password", "project_name", "project_domain_name", "user_domain_name"}


def test_the_validator_of_oslo_config_accepts_every_rendered_file(built: Standing):
    """The second witness: `nines` itself refused what its own comparison does not know."""
    files = oslo_files(built, "c1")
    assert "/etc/keystone/keystone.conf" in [file.path for file in files]
    wrong = {
        file.path: [
            option
            for option in validated(built, "c1", file, file.path)
            if not ("auth_type" in parsed(file.content)[option.split("/")[0]] and option.split("/")[1] in PLUGIN)
        ]
        for file in files
    }
    assert {path: options for path, options in wrong.items() if options} == {}


def test_an_unknown_option_would_be_noticed_by_the_validator_and_is_refused_by_nines(standing: Standing):
    """Guards the test above: a checker that accepts everything proves nothing."""
    file = next(file for file in oslo_files(standing, "c1") if file.path == "/etc/keystone/keystone.conf")
    script = "sed 's/^provider = fernet/providr = fernet/' /etc/keystone/keystone.conf > /tmp/wrong.conf"
    standing.on("c1", "sh", "-ec", script)
    assert validated(standing, "c1", file, "/tmp/wrong.conf") == ["token/providr"]

    wrong = replace(file, content=file.content.replace("provider = fernet", "providr = fernet"))
    stage = Stage(name="keystone", after=(), parts=(HostPart(host="c1", resources=(wrong,), health=None),))
    before = standing.on("c1", "cat", file.path)
    with pytest.raises(HostError, match=r"\[token\] providr in .* is no option of keystone; did you mean provider\?"):
        plan((stage,), standing.fleet)
    assert standing.on("c1", "cat", file.path) == before


def test_the_image_brings_what_its_packages_know(standing: Standing):
    """So that no host spends seconds of CPU on asking them: one look is quick, and none of the hosts wrote it."""
    assert standing.on("c1", "stat", "-c", "%Y", "/var/lib/fournines/oslo.json") == standing.on(
        "c2", "stat", "-c", "%Y", "/var/lib/fournines/oslo.json"
    )


def test_secrets_are_nowhere_but_where_they_belong(standing: Standing):
    folder = standing.state.folder
    vault = json.loads((folder / "vault/secrets.json").read_text())
    assert len(vault) > 8
    for path in (folder / "vault").iterdir():
        assert path.stat().st_mode & 0o077 == 0, path
    told = standing.nines("plan").stdout + standing.nines("apply").stderr + standing.nines("status").stdout
    logs = [standing.state.journal, *Path(standing.state.lab).glob("*.log")]
    told += "".join(path.read_text(errors="replace") for path in logs)
    for host in standing.cloud.hosts:
        told += standing.on(host.name, "ps", "-eo", "args", "--no-headers", "-ww")
        told += standing.on(host.name, "journalctl", "--no-pager", "-b", "-o", "cat")
    for host in HOSTS:
        told += standing.on(host, "cibadmin", "--query")
    shown = [name for name, secret in vault.items() if secret in told]
    assert shown == []
