"""What a gateway is told: its own configuration after the host's, and nothing secret in it."""

from __future__ import annotations

import configparser
import json
import socket
import struct
import threading
from pathlib import Path

import pytest

from fournines.cloud import Cloud
from fournines.converge.resources import File
from fournines.services import _ceph, catalogue
from fournines.services.onhost import radosgw_facts
from fournines.services.onhost.ceph_ask import ask
from fournines.state import Vault

RADOSGW = catalogue()["radosgw"]


@pytest.fixture
def files(cloud: Cloud, vault: Vault) -> dict[str, File]:
    host = cloud.services["radosgw"].hosts[0]
    return {each.path: each for each in RADOSGW.resources(cloud, host, vault) if isinstance(each, File)}


def test_its_configuration_is_the_hosts_and_its_own(cloud: Cloud, vault: Vault, files: dict[str, File]) -> None:
    host = cloud.services["radosgw"].hosts[0]
    conf = files["/etc/ceph/radosgw.conf"]
    assert conf.content.startswith(_ceph.host_conf(cloud, host, vault))
    parser = configparser.RawConfigParser()
    parser.read_string(conf.content)
    own = parser[f"client.rgw.{host.name}"]
    assert own["rgw_frontends"] == f"beast endpoint={host.management}:7480"
    assert own["rgw_keystone_url"] == f"https://{cloud.vip}:5000"
    assert files[own["rgw_keystone_admin_password_path"]].content == "PASSWORD(service radosgw)"
    assert own["keyring"] in files
    assert not conf.secret, "a change of it can be shown"
    unit = files["/etc/systemd/system/ceph-radosgw.service"].content
    assert "StartLimitIntervalSec=0" in unit
    assert f"--name client.rgw.{host.name} " in unit


def test_keystone_offers_gateways_no_http2(cloud: Cloud, vault: Vault) -> None:
    host = cloud.services["haproxy"].hosts[0]
    found = {each.path: each for each in catalogue()["haproxy"].resources(cloud, host, vault) if isinstance(each, File)}
    binds = [line for line in found["/etc/haproxy/haproxy.cfg"].content.splitlines() if line.startswith("    bind ")]
    assert [line.endswith(" alpn http/1.1") for line in binds if ":5000 ssl" in line] == [True]
    assert sum("alpn" in line for line in binds) == 1


def test_the_catalogue_has_both_of_its_languages(cloud: Cloud, vault: Vault) -> None:
    enter = next(step for step in catalogue()["keystone"].steps(cloud, vault) if "catalogue" in step.name)
    listed = [each for each in json.loads(enter.run.stdin)["services"] if each["user"] == "radosgw"]
    assert [(each["name"], each["type"], each["url"]) for each in listed] == [
        ("radosgw", "object-store", f"https://{cloud.vip}:8080/swift/v1/AUTH_%(project_id)s"),
        ("s3", "s3", f"https://{cloud.vip}:8080"),
    ]


def test_each_gateway_is_a_user_that_may_touch_the_gateways_pools_alone(cloud: Cloud, vault: Vault) -> None:
    step = next(iter(RADOSGW.steps(cloud, vault)))
    wanted = json.loads(step.run.stdin)
    assert set(wanted["users"]) == {f"client.rgw.{host.name}" for host in cloud.services["radosgw"].hosts}
    for user in wanted["users"].values():
        assert user["caps"] == {"mon": "allow r", "mgr": "allow r", "osd": "allow rwx tag rgw *=*"}
    assert {pool["application"] for pool in wanted["pools"].values()} == {"rgw"}


def test_facts(tmp_path: Path) -> None:
    """By a socket that answers as a daemon's does."""
    path = str(tmp_path / "asok")
    counters = {"rgw": {"req": 7, "failed_req": 2, "qactive": 1, "qlen": 0}, "objecter": {"op": 3}}

    def answer(server: socket.socket) -> None:
        client, _ = server.accept()
        with client:
            asked = json.loads(client.recv(1000).rstrip(b"\0"))
            data = json.dumps(counters if asked["prefix"] == "perf dump" else {}).encode()
            client.sendall(struct.pack(">I", len(data)) + data)

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        thread = threading.Thread(target=answer, args=(server,))
        thread.start()
        assert radosgw_facts.facts(ask(path, "perf dump")) == {"requests": 7, "failed": 2, "active": 1}
        thread.join()
