"""Whatever stands in a cloud file, in a fault tree or in --set: check and predict answer, and end with 0, 1 or 2."""

from __future__ import annotations

import gc
import io
import json
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from said import Said

from fournines.cli import app
from fournines.predict.rates import defaults

REPOSITORY = Path(__file__).parents[3]
LAB = (REPOSITORY / "clouds/lab.yaml").read_bytes()
SMALL = (REPOSITORY / "clouds/small.yaml").read_bytes()
GOOD = (REPOSITORY / "tests/unit/checks/good.yaml").read_bytes()
TREE = (
    b'<opsa-mef><define-fault-tree name="t"><define-gate name="top"><atleast min="2"><event name="a"/>'
    b'<event name="b"/><gate name="g"/></atleast></define-gate><define-gate name="g"><or><event name="c"/>'
    b'<not><event name="d"/></not></or></define-gate></define-fault-tree><model-data>'
    b'<define-basic-event name="a"><float value="0.1"/></define-basic-event>'
    b'<define-basic-event name="b"><exponential><float value="1e-3"/><system-mission-time/></exponential>'
    b'</define-basic-event><define-basic-event name="c"><float value="0.3"/></define-basic-event>'
    b'<define-basic-event name="d"><float value="0.4"/></define-basic-event></model-data></opsa-mef>'
)

Run = Callable[..., Said]
bounded = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture(scope="module")
def nines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """For many runs: without the fixtures of one test."""

    def run(*words: str) -> Said:
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setenv("NINES_STATE", str(state))
            patch.setattr(sys, "argv", ["nines", *words])
            with pytest.raises(SystemExit) as ended:
                app.run()
        gc.enable()
        code = ended.value.code
        assert isinstance(code, int)
        return Said(code, out.getvalue(), err.getvalue())

    state = tmp_path_factory.mktemp("state") / "state"
    yield run
    assert not state.exists(), "no traceback was saved there either"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "cloud.yaml"


def answered(said: Said) -> int:
    assert said.code in (0, 1, 2), said.err
    assert "Traceback" not in said.out + said.err
    assert "a bug in nines" not in said.err
    return said.code


def judged(nines: Run, file: Path, *more: str) -> int:
    """The exit code of `check`; the others agree with it."""
    code = answered(nines("check", str(file), *more))
    as_json = nines("check", str(file), "--json", *more)
    assert answered(as_json) == code
    found = json.loads(as_json.out)
    assert code == 0 or any(each["severity"] == "error" for each in found)
    assert (code == 2) == any(each["code"] == "SPEC" for each in found)
    predicted = nines("predict", str(file), "--json", "--years", "10", *more)
    assert (answered(predicted) == 2) == (code == 2)
    if predicted.code == 0:
        assert isinstance(json.loads(predicted.out)["services"], list)
    return code


@bounded
@given(st.binary(max_size=200))
@example(b"")
@example(b"\xff\xfe")
@example(b"name: lab\x00")
@example(b'a: "\\UFFFFFFFF"')
@example(b"[" * 5000)
@example(b"rates: {disk: {per_year: 1e999}}")
def test_any_bytes_as_a_cloud_file(nines: Run, file: Path, data: bytes) -> None:
    file.write_bytes(data)
    assert judged(nines, file) == 2


@settings(bounded, max_examples=50)
@given(st.sampled_from([LAB, SMALL, GOOD]), st.randoms(use_true_random=False), st.integers(1, 2))
def test_mutated_lines(nines: Run, file: Path, data: bytes, dice: random.Random, mutations: int) -> None:
    lines = data.splitlines(keepends=True)
    for _ in range(mutations):
        at = dice.randrange(len(lines))
        match dice.choice(("drop", "double", "swap", "byte", "digit", "digit")):
            case "drop" if len(lines) > 1:
                del lines[at]
            case "double":
                lines.insert(at, lines[at])
            case "swap":
                other = dice.randrange(len(lines))
                lines[at], lines[other] = lines[other], lines[at]
            case "byte":
                line = bytearray(lines[at])
                line[dice.randrange(len(line))] = dice.randrange(256)
                lines[at] = bytes(line)
            case _:
                digits = [place for place, byte in enumerate(lines[at]) if byte in b"0123456789"]
                line = bytearray(lines[at])
                for place in digits[: 1 + dice.randrange(2)]:
                    line[place] = dice.choice(b"0123456789")
                lines[at] = bytes(line)
    file.write_bytes(b"".join(lines))
    judged(nines, file)


RATE = st.sampled_from(["0", "0.01", "1", "1000000", "0.000001", "1e6", "5e-324", "-1", "x"])
PATHS = st.sampled_from(
    [
        "racks.r1.switches=[s1]",
        "racks.r2.feeds=[]",
        "racks=",
        "feeds=[]",
        "hosts.c1=",
        "hosts.c[1-3].rack=r1",
        "hosts.c2.rack=",
        "hosts.s3=",
        "hosts.s[1-3]=",
        "hosts.c1.roles=[control, network, compute]",
        "hosts.c[1-3].roles=[control, network, storage, compute]",
        "services.ceph.size=2",
        "services.ceph={size: 3, min_size: 3, failure_domain: rack}",
        "services.galera={strategy: active-backup, disk: shared}",
        "services.rabbitmq={strategy: active-backup}",
        "services.cinder={strategy: active-backup}",
        "services.heat={}",
        "services.galera.strategy=external",
        "services.rabbitmq.strategy=external",
        "services.ceph.strategy=external",
        "services.ceph-osd.strategy=external",
        "services.radosgw.strategy=external",
        "services.galera.tie_breaker=n1",
        "services.corosync.tie_breaker=c1",
        "timers.fence=30",
        "timers.rabbit_ticktime=1",
        "timers={api_check_fall: 100, api_check_timeout: 86400, connect: 0.01}",
        "sla=0.0000001",
        "sla=99.99999999999",
        "provider={kind: ssh}",
        "networks.storage=",
        "networks.management.mtu=576",
        "load={guest_vcpus: 0, guest_memory_gigabytes: 0, stored_gigabytes: 0, requests_at_once: 0}",
        "load={guest_vcpus: 99999999999, stored_gigabytes: 99999999999, requests_at_once: 99999999}",
        "accept={SPOF-HOST: meant}",
        "rates.site.counted=true",
        "rates.failover.coverage=0",
    ]
)
KINDS = st.sampled_from(sorted(defaults()))
KEYS = st.sampled_from(["mttf_hours", "per_year", "repair_hours", "restart_seconds", "coverage", "beta", "counted"])
RATES = st.tuples(KINDS, KEYS, RATE).map(lambda said: f"rates.{said[0]}.{said[1]}={said[2]}")


@settings(bounded, max_examples=50)
@given(st.lists(PATHS | RATES, min_size=1, max_size=4))
@example(["rates.hardware.mttf_hours=5e-324"])
@example(["rates.hardware.repair_hours=0", "rates.hardware.mttf_hours=0.01"])
@example(["hosts.s[1-3]=", "hosts.c2=", "hosts.c3="])
def test_changes_that_may_be_meant(nines: Run, file: Path, changes: list[str]) -> None:
    file.write_bytes(LAB)
    judged(nines, file, *(word for change in changes for word in ("--set", change)))


def test_some_of_those_changes_are_designs(nines: Run, file: Path) -> None:
    """Else all of them would end before anything is computed."""
    file.write_bytes(LAB)
    good = ("services.galera={strategy: active-backup, disk: shared}", "hosts.c[1-3].rack=r1", "rates.disk.beta=1")
    assert {judged(nines, file, "--set", change) for change in good} <= {0, 1}


@bounded
@given(st.text(max_size=60))
@example("=")
@example("a=" + "[" * 3000)
@example("hosts.c[1-999999999].rack=r1")
@example("\ud800=1")
@example("name=\x00")
@example("...=")
def test_any_text_as_a_change(nines: Run, text: str) -> None:
    said = nines("check", "lab", "--set", text)
    answered(said)
    assert answered(nines("predict", "lab", "--service", "token", "--years", "10", "--set", text)) in (said.code, 0)


@bounded
@given(st.binary(max_size=200))
@example(b"")
@example(b"<a/>")
@example(b"<opsa-mef/>")
@example(b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>')
def test_any_bytes_as_a_fault_tree(nines: Run, file: Path, data: bytes) -> None:
    file.write_bytes(data)
    assert answered(nines("predict", "--open-psa", str(file), "--json")) == 2


@settings(bounded, max_examples=120)
@given(st.randoms(use_true_random=False), st.integers(1, 4))
def test_mutated_fault_trees(nines: Run, file: Path, dice: random.Random, mutations: int) -> None:
    words = TREE.replace(b"><", b">\n<").splitlines()
    for _ in range(mutations):
        at, other = dice.randrange(len(words)), dice.randrange(len(words))
        match dice.choice(("drop", "double", "swap", "byte", "name")):
            case "drop":
                words[at] = b""
            case "double":
                words[at] += words[other]
            case "swap":
                words[at], words[other] = words[other], words[at]
            case "name":
                words[at] = words[at].replace(
                    dice.choice((b"a", b"b", b"0", b"1")), dice.choice((b"c", b"g", b"9", b"-"))
                )
            case _ if words[at]:
                line = bytearray(words[at])
                line[dice.randrange(len(line))] = dice.randrange(256)
                words[at] = bytes(line)
            case _:
                pass
    file.write_bytes(b"".join(words))
    said = nines("predict", "--open-psa", str(file), "--json", "--limit-order", "2")
    if answered(said) == 0:
        assert 0 <= json.loads(said.out)["probability"] <= 1


def test_the_harness_sees_what_is_good(nines: Run, file: Path) -> None:
    file.write_bytes(TREE)
    assert answered(nines("predict", "--open-psa", str(file), "--json")) == 0
    for data in (LAB, SMALL, GOOD):
        file.write_bytes(data)
        assert judged(nines, file) == 0
