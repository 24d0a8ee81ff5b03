"""Each mistake in a cloud file -> exactly these lines, with their places and suggestions."""

from __future__ import annotations

from pathlib import Path

import pytest

from fournines.errors import SpecError
from fournines.spec import load_spec

LAB = """\
name: lab
provider: {kind: lab}
feeds: [a, b]
switches: [s1, s2]
racks:
  r[1-3]: {feeds: [a, b], switches: [s1]}
networks:
  management: {cidr: 10.71.0.0/24, vip: 10.71.0.10}
  tunnel: {cidr: 10.71.1.0/24}
hosts:
  c[1-3]:
    roles: [control]
    rack: r[1-3]
    networks: {management: "10.71.0.[11-13]", tunnel: "10.71.1.[11-13]"}
  w1:
    roles: [compute]
    networks: {management: 10.71.0.21}
"""

METAL = """\
name: metal
provider: {kind: ssh}
networks:
  management: {cidr: 10.20.0.0/24, vip: 10.20.0.10}
hosts:
  c1:
    roles: [control]
    networks: {management: 10.20.0.11}
    bmc: {address: 10.20.9.11, system: /s/1, username: u, password_file: /etc/p}
  c2:
    roles: [control]
    networks: {management: 10.20.0.12}
"""


def complaints(path: Path, data: bytes | str) -> list[str]:
    """The error's lines without the file's name; none when the file is good."""
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    try:
        load_spec(path)
    except SpecError as error:
        lines = error.message.splitlines()
        assert all(line.startswith(f"{path}:") for line in lines)
        return [line.removeprefix(f"{path}:") for line in lines]
    return []


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cloud.yaml"


@pytest.mark.parametrize("text", [LAB, METAL, "\ufeff" + LAB, LAB.replace("\n", "\r\n")])
def test_good(file: Path, text: str) -> None:
    assert complaints(file, text) == []


ALL_HOSTS = "10.71.0.[11-13]"
NAME = "a cloud's name has lower-case letters, digits and inner hyphens, first a letter, at most 16"
LABEL = "a host name is a DNS label: lower-case letters, digits and hyphens, first a letter, at most 63"
MAPPING = "must be a mapping (`key: value` lines)"

EDITS: list[tuple[str, str, list[str]]] = [
    # keys
    ("name: lab", "nmae: lab", ["1:1: name is required", "1:1: unknown key 'nmae'; did you mean name?"]),
    ("    rack:", "    rakc:", ["13:5: unknown key 'hosts.c1.rakc'; did you mean rack? (and 2 more like it)"]),
    (
        "{cidr: 10.71.1.0/24}",
        "{cird: 1}",
        [
            "9:3: networks.tunnel.cidr is required",
            "9:12: unknown key 'networks.tunnel.cird'; did you mean cidr?",
        ],
    ),
    ("{kind: lab}", "{kind: ssh, usr: x}", ["2:23: unknown key 'provider.usr'; did you mean user?"]),
    ("feeds: [a, b]\n", "feeds: [a, b]\nfeeds: [c]\n", ["4:1: the key 'feeds' is already at line 3"]),
    ("w1:", "? [w1]\n  :", ["15:5: a key must be text"]),
    ("  w1:", "  <<: {}\n  w1:", ["15:3: merge keys are not accepted; write a range such as c[1-3] instead"]),
    # values
    ("name: lab", "name: Lab", [f"1:7: name: {NAME}, not 'Lab'"]),
    ("name: lab", "name: lab-", [f"1:7: name: {NAME}, not 'lab-'"]),
    (
        "name: lab",
        "name: images",
        ["1:7: name: the state folder of that name holds the images of lab hosts, not 'images'"],
    ),
    ("name: lab", "name:", ["1:1: name is required"]),
    ("{kind: lab}", "{kind: lap}", ["2:18: provider.kind: unknown kind 'lap'; did you mean lab?"]),
    ("{kind: lab}", "{}", ["2:11: provider.kind is required: lab or ssh"]),
    ("{kind: lab}", "lab", [f"2:11: provider: {MAPPING}, not 'lab'"]),
    ("feeds: [a, b]\n", "feeds: [a, b, a]\n", ["3:8: feeds: 'a' is listed twice"]),
    ("feeds: [a, b]\n", "feeds: [a, b]\nsla: 100\n", ["4:6: sla: must be less than 100, not '100'"]),
    ("feeds: [a, b]\n", "feeds: [a, b]\nsla: nan\n", ["4:6: sla: must be a finite number, not 'nan'"]),
    (
        "feeds: [a, b]\n",
        "feeds: [a, b]\nsla: 1" + "0" * 5000 + "\n",
        ["4:6: sla: must be a finite number, not '1" + "0" * 56 + "...'"],
    ),
    ("24}\nhosts", "24, mtu: 1e3}\nhosts", ["9:37: networks.tunnel.mtu: must be a whole number, not '1e3'"]),
    (
        "10.71.1.0/24",
        "10.71.1.1/24",
        [
            "9:18: networks.tunnel.cidr: must be an IPv4 network such as 10.71.0.0/24 (no host bits set),"
            " not '10.71.1.1/24'"
        ],
    ),
    (
        "10.71.1.0/24",
        "10.71.1.0/31",
        [
            "9:18: networks.tunnel.cidr: must have a prefix between /8 and /29, not '10.71.1.0/31'",
            "14:55: hosts.c1.networks.tunnel: 10.71.1.11 is outside of 10.71.1.0/31, the network tunnel"
            " (and 2 more like it)",
        ],
    ),
    ("[compute]", "[controll]", ["16:13: hosts.w1.roles[0]: unknown role 'controll'; did you mean control?"]),
    ("[compute]", "[]", ["16:12: hosts.w1.roles: must not be empty"]),
    ("[compute]", "compute", ["16:12: hosts.w1.roles: must be a list, not 'compute'"]),
    ("10.71.0.21", "10.71.0.256", ["17:28: hosts.w1.networks.management: must be an IPv4 address, not '10.71.0.256'"]),
    # references
    ("rack: r[1-3]", "rack: rr1", ["13:11: hosts.c1.rack: unknown rack 'rr1'; did you mean r1? (and 2 more like it)"]),
    ("[a, b], sw", "[a, c], sw", ["6:23: racks.r1.feeds: unknown feed 'c'; there is a, b (and 2 more like it)"]),
    (
        "switches: [s1]",
        "switches: [s3]",
        ["6:38: racks.r1.switches: unknown switch 's3'; did you mean s2? (and 2 more like it)"],
    ),
    (
        "feeds: [a, b]\n",
        "",
        [
            "5:20: racks.r1.feeds: unknown feed 'a'; none is declared under `feeds` (and 2 more like it)",
            "5:23: racks.r1.feeds: unknown feed 'b'; none is declared under `feeds` (and 2 more like it)",
        ],
    ),
    ("[compute]", "[compute]\n    feeds: [A]", ["17:13: hosts.w1.feeds: unknown feed 'A'; did you mean a?"]),
    (
        "  tunnel:",
        "  tunel:",
        [
            "9:3: networks.tunel: unknown network 'tunel'; did you mean tunnel?",
            "14:47: hosts.c1.networks.tunnel: the network is not declared under `networks` (and 2 more like it)",
        ],
    ),
    (
        "{management: 10.71.0.21}",
        "{management: 10.71.0.21, tunel: 10.71.1.21}",
        ["17:40: hosts.w1.networks.tunel: unknown network 'tunel'; did you mean tunnel?"],
    ),
    # addresses
    (
        ALL_HOSTS,
        "10.72.0.[11-13]",
        [
            "14:28: hosts.c1.networks.management: 10.72.0.11 is outside of 10.71.0.0/24, the network management"
            " (and 2 more like it)"
        ],
    ),
    (
        "10.71.0.21",
        "10.71.0.12",
        ["17:28: hosts.w1.networks.management: 10.71.0.12 is already the management address of c2"],
    ),
    (
        "10.71.0.21",
        "10.71.0.10",
        ["17:28: hosts.w1.networks.management: 10.71.0.10 is already the vip of the network management"],
    ),
    (
        "10.71.0.21",
        "10.71.0.1",
        ["17:28: hosts.w1.networks.management: 10.71.0.1 is already the gateway of the network management"],
    ),
    (
        "10.71.0.21",
        "10.71.0.255",
        ["17:28: hosts.w1.networks.management: 10.71.0.255 is not a host address of 10.71.0.0/24"],
    ),
    ("{management: 10.71.0.21}", "{tunnel: 10.71.1.21}", ["17:5: hosts.w1.networks.management is required"]),
    (
        "10.71.1.0/24",
        "10.71.0.0/16",
        ["9:18: networks.tunnel.cidr: 10.71.0.0/16 overlaps 10.71.0.0/24, the network management"],
    ),
    (", vip: 10.71.0.10", "", ["8:3: networks.management.vip is required: the address of the API"]),
    (
        "vip: 10.71.0.10",
        "vip: 10.70.0.10",
        ["8:41: networks.management.vip: 10.70.0.10 is outside of 10.71.0.0/24, the network management"],
    ),
    ("vip: 10.71.0.10", "vip: 10.71.0.1", ["8:41: networks.management.vip: 10.71.0.1 is the gateway of the network"]),
    (
        "vip: 10.71.0.10",
        "vip: 10.71.0.10, gateway: 10.71.0.0",
        ["8:62: networks.management.gateway: 10.71.0.0 is not a host address of 10.71.0.0/24"],
    ),
    ("24}\nhosts", "24, vip: 10.71.1.9}\nhosts", ["9:32: networks.tunnel.vip: only the management network has a vip"]),
    # names
    ("c[1-3]:", "C[1-3]:", [f"11:3: hosts.C1: {LABEL}, not 'C1' (and 2 more like it)"]),
    ("w1:", "localhost:", [f"15:3: hosts.localhost: {LABEL}, not 'localhost'"]),
    ("w1:", "w1_a:", [f"15:3: hosts.w1_a: {LABEL}, not 'w1_a'"]),
    (
        "w1:",
        "a2345678901234-6:",
        [
            "15:3: hosts.a2345678901234-6: the name of a lab host has at most 15 characters:"
            " a network interface bears it"
        ],
    ),
    ("w1:", "c2:", ["15:3: hosts.c2 is declared twice: here and at line 11"]),
    # ranges
    ("rack: r[1-3]", "rack: r[1-2]", ["13:11: the range in 'r[1-2]' is 2 long, but the name 'c[1-3]' is 3 long"]),
    (
        "10.71.0.21",
        '"10.71.0.[21-22]"',
        ["17:28: the range in '10.71.0.[21-22]' is 2 long, but the name 'w1' is without a range"],
    ),
    ("c[1-3]:", "c[3-1]:", ["11:3: the range in 'c[3-1]' ends before it begins"]),
    ("c[1-3]:", "c[1-5001]:", ["11:3: the range in 'c[1-5001]' is longer than 5000"]),
    ("c[1-3]:", "c[1-99999999999999999999]:", ["11:3: the range in 'c[1-99999999999999999999]' is longer than 5000"]),
    ("c[1-3]:", "c[1-3]-[1-2]:", ["11:3: the ranges in 'c[1-3]-[1-2]' differ in length"]),
    (
        "10.71.0.21",
        "10.71.0.[21-22]",
        ['17:36: not YAML: inside { } a value with a range needs quotes: "10.0.0.[1-3]"'],
    ),
    # power and reach
    (
        "[compute]",
        "[compute]\n    ssh: {port: 23}",
        ["17:5: hosts.w1.ssh: only with `provider: {kind: ssh}`; in a lab it is made"],
    ),
    ("{kind: lab}", "{kind: ssh, key: id_rsa}", ["2:28: provider.key: a path begins with / or ~/, not 'id_rsa'"]),
    # YAML that is not for us
    (
        "[compute]",
        "!!python/object/apply:os.system [compute]",
        ["16:12: the tag 'tag:yaml.org,2002:python/object/apply:os.system': tags are not accepted"],
    ),
    (
        "[compute]",
        "&a [*a]",
        [
            "16:16: the alias 'a' has no complete anchor of that name before it",
            "16:16: hosts.w1.roles[0]: has no value; it must be given",
        ],
    ),
    ("    rack:", "\track:", ["13:1: not YAML: a tab; indent with spaces"]),
    ("hosts:", "---\nhosts:", ["10:1: a second document; a file holds one cloud", "1:1: hosts is required"]),
    ("name: lab", 'name: "a\\u0007"', ["1:7: control characters in 'a\\x07'", f"1:7: name: {NAME}, not 'a\\x07'"]),
]


@pytest.mark.parametrize(("old", "new", "expected"), EDITS, ids=[f"{old[:14]!r}-{new[:24]!r}" for old, new, _ in EDITS])
def test_one_mistake(file: Path, old: str, new: str, expected: list[str]) -> None:
    assert old in LAB
    assert sorted(complaints(file, LAB.replace(old, new, 1))) == sorted(expected)


METAL_EDITS: list[tuple[str, str, list[str]]] = [
    (
        "10.20.0.12}",
        "10.20.0.12}\n    bmc: {address: 10.20.9.11, system: /s/1, username: u, password_file: /etc/p}",
        ["13:5: hosts.c2.bmc: is already the BMC of c1"],
    ),
    (
        "10.20.0.12}",
        "10.20.0.12}\n    ssh: {address: 10.20.0.11}",
        ["13:5: hosts.c2.ssh: 10.20.0.11 is already the machine c1"],
    ),
    (
        "system: /s/1",
        "system: s/1",
        ["9:40: hosts.c1.bmc.system: a path of Redfish begins with / and has no spaces, not 's/1'"],
    ),
    (", username: u", "", ["9:5: hosts.c1.bmc.username is required"]),
    (
        "password_file: /etc/p",
        "password: hunter2",
        [
            "9:5: hosts.c1.bmc.password_file is required",
            "9:59: unknown key 'hosts.c1.bmc.password'; did you mean password_file?",
        ],
    ),
    (
        "address: 10.20.9.11",
        "address: 10.20.9.11, port: 65536",
        ["9:38: hosts.c1.bmc.port: must be less than or equal to 65535, not '65536'"],
    ),
]


@pytest.mark.parametrize(("old", "new", "expected"), METAL_EDITS)
def test_one_mistake_with_ssh(file: Path, old: str, new: str, expected: list[str]) -> None:
    assert old in METAL
    assert sorted(complaints(file, METAL.replace(old, new, 1))) == sorted(expected)


WHOLE: list[tuple[bytes, list[str]]] = [
    (b"", ["1:1: the file is empty; it needs at least name, networks and hosts"]),
    (b"# nothing\n", ["1:1: the file is empty; it needs at least name, networks and hosts"]),
    (b"~\n", ["1:1: the file is empty; it needs at least name, networks and hosts"]),
    (b"\n- a\n", ["2:1: expected `key: value` lines, beginning with `name:`"]),
    (b"name: lab\nsla: \xff\n", ["2:6: not UTF-8 text: byte 0xff"]),
    (LAB.encode("utf-16"), ["1:1: not UTF-8 text: byte 0xff"]),
    ("é: é\x00".encode(), ["1:5: control character U+0000"]),
    (b"a: " + b"[" * 100_000, ["1:36: nested deeper than 32 levels"]),
    (b"a: [1\nb: 2\n", ["2:2: not YAML: expected ',' or ']', but got ':'"]),
    (
        b"a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        + b"".join(b"%c: &%c [%s]\n" % (98 + i, 98 + i, b", ".join([b"*%c" % (97 + i)] * 10)) for i in range(9)),
        ["6:8: more than 200000 values (aliases expanded)"],
    ),
    (
        b"hosts: {" + b", ".join(b'"a%dx[1-5000]": {}' % i for i in range(200)) + b"}",
        ["1:815: more than 200000 values (ranges expanded)"],
    ),
    (b"a: [" + b"x," * 600_000 + b"]", ["1:1: larger than 1 MiB"]),
]


@pytest.mark.parametrize(("data", "expected"), WHOLE, ids=[repr(data[:16]) for data, _ in WHOLE])
def test_no_document(file: Path, data: bytes, expected: list[str]) -> None:
    assert complaints(file, data) == expected


def test_all_at_once(file: Path) -> None:
    text = LAB.replace("feeds: [a, b]\n", "feeds: [a]\nsla: high\n", 1).replace("[compute]", "[computer]")
    text = text.replace("10.71.0.21", "10.72.0.21").replace("rack:", "rak:")
    assert complaints(file, text) == [
        "4:6: sla: must be a number, not 'high'",
        "7:23: racks.r1.feeds: unknown feed 'b'; there is a (and 2 more like it)",
        "14:5: unknown key 'hosts.c1.rak'; did you mean rack? (and 2 more like it)",
        "17:13: hosts.w1.roles[0]: unknown role 'computer'; did you mean compute?",
        "18:28: hosts.w1.networks.management: 10.72.0.21 is outside of 10.71.0.0/24, the network management",
    ]


def test_no_file(tmp_path: Path) -> None:
    for path, text in [
        (tmp_path, "not a regular file"),
        (tmp_path / "none.yaml", "there is no such file"),
        (Path("/dev/zero"), "not a regular file"),
        (tmp_path / ("x" * 300), "cannot be read: File name too long"),
    ]:
        with pytest.raises(SpecError) as caught:
            load_spec(path)
        assert caught.value.message == f"{path}:1:1: {text}"


@pytest.mark.parametrize("name", ["a\0b", "\udcff", "a\nb"])
def test_odd_file_names_can_be_printed(name: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_spec(Path(name))
    assert len(caught.value.message.encode().splitlines()) == 1


def test_a_value_with_line_breaks_stays_on_one_line(file: Path) -> None:
    (line,) = complaints(file, LAB.replace("w1:", '"w\\n1":'))
    assert line.startswith("15:3: hosts.'w\\n1':")
