"""A host that votes with a service and serves nothing of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fournines.cloud import Cloud, load
from fournines.converge import deploy
from fournines.errors import NinesError, SpecError
from fournines.services import catalogue

LAB = (Path(__file__).parents[3] / "clouds/lab.yaml").read_text()


def read(tmp_path: Path, services: str) -> Cloud:
    file = tmp_path / "cloud.yaml"
    file.write_text(f"services: {services}\n{LAB}")
    return load(file, catalogue())


def test_it_is_one_of_the_clouds_hosts_and_no_member(tmp_path: Path) -> None:
    galera = read(tmp_path, "{galera: {tie_breaker: n1}}").services["galera"]
    assert galera.tie_breaker
    assert galera.tie_breaker.name == "n1"
    assert [host.name for host in galera.hosts] == ["c1", "c2", "c3"]


@pytest.mark.parametrize(
    ("services", "told"),
    [
        ("{galera: {tie_breaker: m1}}", r":1:34: services\.galera\.tie_breaker: unknown host 'm1'; did you mean s1\?"),
        ("{corosync: {tie_breaker: c2}}", r":1:36: services\.corosync\.tie_breaker: c2 is a member of corosync"),
        ("{galera: {strategy: active-backup, tie_breaker: n1}}", r":1:59: .*only where a majority decides"),
        ("{rabbitmq: {tie_breaker: n1}}", r":1:23: unknown key 'services\.rabbitmq\.tie_breaker'"),
    ],
)
def test_what_cannot_be_is_told_with_its_place(tmp_path: Path, services: str, told: str) -> None:
    with pytest.raises(SpecError, match=told):
        read(tmp_path, services)


@pytest.mark.parametrize(
    ("services", "told", "leave"),
    [
        ("{corosync: {tie_breaker: n1}}", "corosync: tie_breaker can be checked", "services.corosync.tie_breaker"),
        ("{ceph-osd: {strategy: external}}", "ceph-osd: the strategy external can", "services.ceph-osd.strategy"),
    ],
)
def test_nothing_here_builds_one(tmp_path: Path, services: str, told: str, leave: str) -> None:
    with pytest.raises(NinesError, match=told) as caught:
        deploy.packages(read(tmp_path, services))
    assert leave in str(caught.value.remedy)
