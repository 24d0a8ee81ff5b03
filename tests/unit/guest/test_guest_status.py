from __future__ import annotations

import json
from typing import Any

import pytest

from fournines.errors import NinesError
from fournines.guest import status
from fournines.guest.status import GuestStatus, Lease, Renewal

BOOT = "6893f3ea-bc45-467d-b76a-579706d418bf"
UUID = "d8e02d56-2648-49a3-bf97-6be8f1204f38"


def body(**changes: Any) -> str:
    """As a guest answered under QEMU."""
    said: dict[str, Any] = {
        "hostname": "g1.novalocal",
        "boot_id": BOOT,
        "uuid": UUID,
        "uptime": 9.31,
        "lease": {
            "address": "10.0.2.15/24",
            "mtu": 1450,
            "routes": "0.0.0.0/0 10.0.2.2",
            "server": "10.0.2.2",
            "seconds": 86400,
            "renewals": 2,
            "at": 5.31,
        },
        "disk": {"counter": 3, "at": 8.31, "error": ""},
    }
    return json.dumps({**said, **changes})


def test_a_whole_answer() -> None:
    seen = status.parse(body())
    assert seen.lease
    assert (round(seen.lease.age, 3), round(seen.counter_age or 0, 3)) == (4.0, 1.0)
    lease = Lease("10.0.2.15/24", 1450, "0.0.0.0/0 10.0.2.2", "10.0.2.2", 86400, 2, seen.lease.age)
    assert seen == GuestStatus("g1.novalocal", BOOT, UUID, 9.31, lease, 3, seen.counter_age, "")


def test_what_it_has_not_yet() -> None:
    seen = status.parse(body(uuid="", lease=None, disk=None, uptime=3))
    assert (seen.uuid, seen.lease, seen.counter, seen.counter_age, seen.disk_error) == (None, None, None, None, "")
    assert seen.uptime == 3.0


def test_a_disk_that_does_not_mount_has_no_counter() -> None:
    seen = status.parse(body(disk={"counter": None, "at": 8.31, "error": "no such device"}))
    assert (seen.counter, seen.disk_error) == (None, "no such device")


def test_a_counter_of_nothing_is_a_counter() -> None:
    assert status.parse(body(disk={"counter": 0, "at": 8.31, "error": ""})).counter == 0


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "<html>502 Bad Gateway</html>",
        "[]",
        "{}",
        body()[:-20],
        body(uptime="9"),
        body(hostname=None),
        body(lease="10.0.2.15"),
        body(disk={"counter": "3", "at": 8.31, "error": ""}),
        body(disk={"counter": True, "at": 8.31, "error": ""}),
        body(disk={"at": 8.31, "error": ""}),
        b"\xff\xfe",
    ],
)
def test_anything_else_is_an_error_that_shows_it(wrong: str | bytes) -> None:
    with pytest.raises(NinesError, match="not what a guest answers"):
        status.parse(wrong)


def test_a_renewal_tells_who_acknowledged_what() -> None:
    told = {"address": "10.0.2.15", "server": "10.0.2.2", "microseconds": 235681}
    assert status.renewed(json.dumps(told)) == Renewal("10.0.2.15", "10.0.2.2", 0.235681)
    for wrong in (
        "",
        "[]",
        "no lease: nobody acknowledged 10.0.2.15",
        *(json.dumps(told | {key: None}) for key in told),
    ):
        with pytest.raises(NinesError, match="about DHCP"):
            status.renewed(wrong)


def test_a_write_tells_its_seconds() -> None:
    assert status.written('{"microseconds": 65638}\n') == 0.065638
    for wrong in ("", '{"microseconds": "1"}', "not written: no disk", "3"):
        with pytest.raises(NinesError, match="after a write"):
            status.written(wrong)


def test_disks_are_told_by_their_serials() -> None:
    assert status.disks('{"disks": []}\n') == []
    assert status.disks('{"disks": ["d8e02d56-2648-49a3-", "v2"]}') == ["d8e02d56-2648-49a3-", "v2"]
    for wrong in ("", "[]", "{}", '{"disks": "vda"}', '{"disks": [1]}', '{"disks": null}'):
        with pytest.raises(NinesError, match="about disks"):
            status.disks(wrong)
