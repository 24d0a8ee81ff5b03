"""Files laid over a daemon's own: with real mounts, in a mount namespace, under a systemd that only writes down."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator, Sequence
from pathlib import Path

import pytest

from fournines.cloud import load
from fournines.cloud.model import Cloud
from fournines.errors import DrillError, HostError
from fournines.faults import Fault, Means, named
from fournines.faults._laid_over import Change, LaidOver
from fournines.faults.onhost import lay_over
from fournines.services import catalogue
from fournines.state import Vault

CLOUDS = Path(__file__).parents[3] / "clouds"

_REST = "NRestarts=0\nMainPID=7\nExecMainStartTimestampMonotonic=1\n"


class Namespace:
    """A host whose mounts are its own, as long as the process lives that holds them."""

    name = "c1"

    def __init__(self, folder: Path) -> None:
        self.bin, self.told = folder / "bin", folder / "told"
        self.bin.mkdir()
        self.told.touch()
        self.state = folder / "state"
        self.state.write_text(f"ActiveState=active\nSubState=running\n{_REST}")
        self.units = folder
        show = f'[ "$1" != show ] || if [ -e {folder}/"$2" ]; then cat {folder}/"$2"; else cat {self.state}; fi'
        self.broken = folder / "broken"
        broken = f'case "$*" in *restart*) [ ! -e {self.broken} ] || exit 1;; esac'
        fail = f'{broken}\ncase "$*" in "--no-block start"*) sed -i s/=.*active/=failed/ {self.state};; esac'
        for program, script in (("systemctl", f"{show}\n{fail}"), ("systemd-run", "true")):
            (self.bin / program).write_text(f'#!/bin/sh\necho {program} "$@" >> {self.told}\n{script}\n')
            (self.bin / program).chmod(0o755)
        hold = ["unshare", "--mount", "sh", "-c", "mount -t tmpfs nines /run && echo ready && exec sleep 60"]
        self.holder = subprocess.Popen(hold, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.holder.stdout
        if self.holder.stdout.readline() != "ready\n":
            pytest.skip("no mount namespace can be made here")

    def argv(self, command: Sequence[str]) -> list[str]:
        path = f"PATH={self.bin}:{Path(sys.executable).parent}:/usr/bin:/bin:/usr/sbin:/sbin"
        return ["nsenter", f"--target={self.holder.pid}", "--mount", "env", path, *command]

    def read(self, path: Path) -> str:
        return subprocess.run(self.argv(["cat", str(path)]), check=True, capture_output=True, text=True).stdout


@pytest.fixture
def host(tmp_path: Path) -> Generator[Namespace]:
    made = Namespace(tmp_path)
    yield made
    made.holder.kill()
    made.holder.wait()


def struck(name: str, changes: Change) -> Fault:
    fault = named(name).aimed("galera")
    assert isinstance(fault, LaidOver)
    fault._changes = {"c1": changes}  # pyright: ignore[reportPrivateUsage] - what a cloud would give
    return fault


def test_a_file_seems_another_and_is_never_touched(tmp_path: Path, host: Namespace) -> None:
    own = tmp_path / "my.cnf"
    own.write_text("[mysqld]\n")
    own.chmod(0o640)
    change = Change(("mariadb.service",), {str(own): {"prepend": "typo\n"}}, "restart")
    fault = struck("bad-configuration", change)
    fault.inject([host])
    assert host.read(own) == "typo\n[mysqld]\n"
    assert own.read_text() == "[mysqld]\n", "seen from outside"
    said = host.told.read_text().splitlines()
    armed = next(number for number, line in enumerate(said) if line.startswith("systemd-run"))
    assert "--on-active=300" in said[armed]
    assert said[armed].endswith("sh /run/nines-bad-configuration/undo")
    assert said.index("systemctl --no-block start mariadb.service") > armed, "armed before"

    host.told.write_text("")
    fault.heal([host])
    assert host.read(own) == "[mysqld]\n"
    assert "systemctl --no-block restart mariadb.service" in host.told.read_text().splitlines()
    host.told.write_text("")
    fault.heal([host])
    assert "restart" not in host.told.read_text(), "nothing was left to undo"


def test_nothing_is_left_where_the_daemon_cannot_be_started(tmp_path: Path, host: Namespace) -> None:
    own = tmp_path / "my.cnf"
    own.write_text("[mysqld]\n")
    fault = struck("bad-configuration", Change(("mariadb.service",), {str(own): {"prepend": "typo\n"}}, "restart"))
    fault.inject([host])
    host.broken.touch()
    with pytest.raises(HostError):
        fault.heal([host])
    assert host.read(own) == "[mysqld]\n"
    assert "systemctl stop nines-heals-bad-configuration.timer" in host.told.read_text().splitlines()
    fault.heal([host])
    host.broken.unlink()
    fault.inject([host])
    assert host.read(own) == "typo\n[mysqld]\n", "its folder was gone"


@pytest.mark.parametrize("by", ["heal", "timer"])
def test_what_went_down_with_a_daemon_is_started_too(tmp_path: Path, host: Namespace, by: str) -> None:
    own = tmp_path / "corosync.conf"
    own.write_text("totem {}\n")
    host.state.write_text(f"ActiveState=active\nSubState=running\n{_REST}RequiredBy=pacemaker.service idle.service\n")
    (host.units / "pacemaker.service").write_text("ActiveState=active\nRequiredBy=\nBoundBy=sbd.service\n")
    (host.units / "idle.service").write_text("ActiveState=inactive\n")
    (host.units / "sbd.service").write_text("ActiveState=active\nRequiredBy=pacemaker.service\n")
    fault = struck("bad-configuration", Change(("corosync.service",), {str(own): {"prepend": "typo\n"}}, "restart"))
    fault.inject([host])
    host.told.write_text("")
    if by == "heal":
        fault.heal([host])
    else:
        subprocess.run(host.argv(["sh", "/run/nines-bad-configuration/undo"]), check=True)
    said = [line for line in host.told.read_text().splitlines() if " start " in line]
    assert said == [f"systemctl --no-block start {each}.service" for each in ("pacemaker", "sbd")]
    host.told.write_text("")
    fault.heal([host])
    assert " start " not in host.told.read_text(), "once"


def test_the_timer_alone_undoes_it(tmp_path: Path, host: Namespace) -> None:
    own = tmp_path / "api.pem"
    own.write_text("good")
    change = Change(("haproxy.service",), {str(own): {"content": "bad"}}, "reload")
    struck("certificate-expired", change).inject([host])
    assert host.read(own) == "bad"
    armed = next(line for line in host.told.read_text().splitlines() if line.startswith("systemd-run"))
    program = armed.split()[-2:]
    host.told.write_text("")
    subprocess.run(host.argv(program), check=True)
    assert host.read(own) == "good"
    assert "systemctl reload haproxy.service" in host.told.read_text().splitlines()


def test_what_reads_its_files_each_time_is_told_nothing(tmp_path: Path, host: Namespace) -> None:
    own = tmp_path / "member.pem"
    own.write_text("good")
    fault = struck("certificate-expired", Change(("etcd.service",), {str(own): {"content": "bad"}}, "nothing"))
    fault.inject([host])
    assert host.read(own) == "bad"
    fault.heal([host])
    assert host.read(own) == "good"
    told = host.told.read_text()
    assert not any(word in told for word in ("restart", " reload ", " start ", "stop etcd"))


def test_a_daemon_that_does_not_run_is_not_struck(tmp_path: Path, host: Namespace) -> None:
    host.state.write_text(f"ActiveState=inactive\nSubState=dead\n{_REST}")
    change = Change(("mariadb.service",), {}, "restart")
    with pytest.raises(HostError, match=r"no mariadb\.service runs"):
        struck("bad-configuration", change).inject([host])


def test_when_a_daemon_is_down() -> None:
    runs = {"ActiveState": "active", "SubState": "running", "NRestarts": "2", "MainPID": "7"}
    runs["ExecMainStartTimestampMonotonic"] = "1"
    waits = {"ActiveState": "inactive", "SubState": "dead", "MainPID": "0"}
    begins = {"ActiveState": "activating", "SubState": "start-post", "ExecMainStartTimestampMonotonic": "2"}
    assert not lay_over.is_down(runs, runs)
    assert lay_over.is_down(runs, runs | {"NRestarts": "3"})
    assert lay_over.is_down(runs, runs | {"ActiveState": "activating", "SubState": "auto-restart"})
    assert lay_over.is_down(runs, runs | {"ActiveState": "failed", "SubState": "failed"})
    assert not lay_over.is_down(runs, runs | waits), "not begun"
    assert not lay_over.is_down(runs, runs | begins)
    assert lay_over.is_down(runs, runs | begins | {"MainPID": "0"}), "what follows its start still waits for it"


@pytest.fixture
def means(tmp_path: Path) -> Means:
    return Means(full(), {}, Vault(tmp_path / "vault"), lambda target: [target])


def full() -> Cloud:
    return load(CLOUDS / "lab.yaml", catalogue())


def given(fault: Fault, means: Means, name: str) -> Change:
    equipped = fault.equipped(means, [name])
    assert isinstance(equipped, LaidOver)
    assert equipped._changes  # pyright: ignore[reportPrivateUsage]
    return equipped._changes[name]  # pyright: ignore[reportPrivateUsage]


def test_what_a_typo_is_made_in(means: Means) -> None:
    fault = named("bad-configuration")
    database = given(fault.aimed("galera:c1"), means, "c1")
    assert database.units == ("mariadb.service",)
    assert len(database.files) == 1
    assert database.how == "restart"
    assert list(given(fault.aimed("keystone"), means, "c2").files) == ["/etc/keystone/keystone.conf"]
    assert list(given(fault.aimed("haproxy"), means, "c2").files) == ["/etc/haproxy/haproxy.cfg"]
    with pytest.raises(DrillError, match=r"openvswitch|ovs-vswitchd"):
        fault.aimed("openvswitch").equipped(means, ["n1"])
    for name in ("memcached", "etcd"):
        with pytest.raises(DrillError, match=rf"{name}\.service on c1 has no file that a typo would break"):
            fault.aimed(name).equipped(means, ["c1"])
    with pytest.raises(DrillError, match="s1 has no galera"):
        fault.aimed("galera").equipped(means, ["s1"])


def test_an_expired_certificate_is_right_but_for_its_date(means: Means) -> None:
    import datetime as dt

    from cryptography import x509

    fault = named("certificate-expired")
    change = given(fault.aimed("haproxy"), means, "c2")
    assert change.how == "reload"
    ((path, content),) = change.files.items()
    assert path == "/etc/haproxy/tls/api.pem"
    shown = x509.load_pem_x509_certificate(content["content"].encode())
    authority = x509.load_pem_x509_certificate(means.vault.ca().encode())
    shown.verify_directly_issued_by(authority)
    assert shown.not_valid_after_utc < dt.datetime.now(dt.UTC)
    names = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == [means.cloud.vip]
    assert {*means.vault.certificates()} <= {"ca", "api"}, "it is kept nowhere"
    store = given(fault.aimed("etcd"), means, "c1")
    assert ([*store.files], store.how) == (["/etc/etcd/member.pem"], "nothing")
    with pytest.raises(DrillError, match=r"galera-member\.service on c1 shows no certificate"):
        fault.aimed("galera-member").equipped(means, ["c1"])
    with pytest.raises(DrillError, match=r"keystone\.service on c1 shows no certificate"):
        fault.aimed("keystone").equipped(means, ["c1"])


def test_what_a_campaign_lets_expire(means: Means) -> None:
    words = {word for words in named("certificate-expired").choices(means.cloud) for word in words}
    assert {"haproxy:primary", "haproxy:c3", "galera:primary", "rabbitmq:c1", "libvirt:g1"} <= words
    assert not any(word.startswith("keystone") for word in words)
