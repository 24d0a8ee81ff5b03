"""Logs through a real shell, with a `journalctl` that says what it is told to; the digest of a real cloud."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fournines.campaign.evidence import configuration
from fournines.campaign.logs import keep
from fournines.cloud import load
from fournines.converge.resources import File
from fournines.converge.steps import HostPart, Stage
from fournines.services import catalogue

CLOUD = load(Path(__file__).parents[3] / "clouds/lab.yaml", catalogue())


class Journal:
    """A host with these lines in its journal."""

    def __init__(self, folder: Path, name: str, lines: Sequence[str]) -> None:
        self.name = name
        self.bin = folder / f"bin-{name}"
        self.bin.mkdir()
        (self.bin / "lines").write_text("".join(line + "\n" for line in lines))
        (self.bin / "journalctl").write_text(f'#!/bin/sh\necho "$@" > {self.bin}/asked\ncat {self.bin}/lines\n')
        (self.bin / "journalctl").chmod(0o755)

    def argv(self, command: Sequence[str]) -> list[str]:
        return ["env", f"PATH={self.bin}:/usr/bin:/bin", *command]


def entry(unit: str, message: object, at: int = 1_000_000, **more: object) -> str:
    known = {"__REALTIME_TIMESTAMP": str(at), "_SYSTEMD_UNIT": unit, "MESSAGE": message}
    return json.dumps({**known, "SYSLOG_IDENTIFIER": "it", "_PID": "7", **more})


def test_a_window_of_the_journal_by_service(tmp_path: Path) -> None:
    host = Journal(
        tmp_path,
        "c1",
        [
            entry("mariadb.service", "one"),
            entry("init.scope", "Started it", UNIT="galera-member.service"),
            entry("ceph-osd@0.service", [255, 104, 105]),
            entry("user@0.service/../x", None, 2_500_000),
        ],
    )
    keep(CLOUD, {"c1": host}, ["c1"], 10.7, 20.2, tmp_path / "logs")
    found = {path.name: path.read_text() for path in (tmp_path / "logs").iterdir()}
    assert found == {
        "c1-galera.log": "1970-01-01T00:00:01.000000Z it[7]: one\n1970-01-01T00:00:01.000000Z it[7]: Started it\n",
        "c1-ceph-osd@0.log": "1970-01-01T00:00:01.000000Z it[7]: \N{REPLACEMENT CHARACTER}hi\n",
        "c1-user@0.service_.._x.log": "1970-01-01T00:00:02.500000Z it[7]: \n",
    }
    assert "--since=@10 --until=@21" in (host.bin / "asked").read_text()


def test_a_loud_host_is_cut_and_it_says_so(tmp_path: Path) -> None:
    host = Journal(tmp_path, "c1", [entry("mariadb.service", "x" * 100)] * 300)
    keep(CLOUD, {"c1": host}, ["c1"], 0, 1, tmp_path / "logs", limit=5000)
    kept = (tmp_path / "logs/c1-galera.log").read_text()
    assert 4000 < len(kept) <= 5000
    assert kept.endswith("x\n"), "whole lines"
    assert "5000 bytes" in (tmp_path / "logs/c1-cut.log").read_text()


def test_a_host_that_cannot_be_asked_says_why(tmp_path: Path) -> None:
    good, bad = Journal(tmp_path, "c1", [entry("x", "y")]), Journal(tmp_path, "c2", [])
    bad.argv = lambda command: ["false"]
    keep(CLOUD, {"c1": good, "c2": bad}, ["c1", "c2"], 0, 1, tmp_path / "logs")
    assert (tmp_path / "logs/c1-x.log").exists()
    assert "exit 1" in (tmp_path / "logs/c2-unread.log").read_text()


def stage(*files: File) -> Stage:
    return Stage(name="keystone", after=(), parts=(HostPart(host="c1", resources=files, health=None),))


def test_the_digest_follows_configuration_and_no_secret() -> None:
    plain, secret = File(path="/a", content="x"), File(path="/b", content="password", secret=True)
    one = configuration([stage(plain, secret)])
    assert len(one) == 64
    assert configuration([stage(plain, replace(secret, content="another"))]) == one
    others = [
        stage(replace(plain, content="y"), secret),
        stage(plain, replace(secret, mode=0o600)),
        stage(plain),
        stage(plain, replace(secret, secret=False)),
    ]
    assert len({one, *(configuration([each]) for each in others)}) == 5
