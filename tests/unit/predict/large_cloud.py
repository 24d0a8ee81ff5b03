"""The file of a cloud of many hosts: racks of forty, rows of twenty racks with two feeds of their own, two switches a
rack; one host in a hundred for networks, one in ten for storage, the rest for guests."""

from __future__ import annotations

IN_RACK, RACKS_IN_ROW, CONTROLLERS, DISKS = 40, 20, 3, 4


def text(hosts: int, controllers: int = CONTROLLERS) -> str:
    """`hosts` is at least about a hundred."""
    racks = hosts // IN_RACK
    rows = -(-racks // RACKS_IN_ROW)
    network, storage = max(3, hosts // 100), hosts // 10
    counts = (
        ("ctl", "control", controllers, "management tunnel storage"),
        ("net", "network", network, "management tunnel external"),
        ("sto", "storage", storage, "management storage"),
        ("cmp", "compute", hosts - controllers - network - storage, "management tunnel storage"),
    )
    lines = [
        "name: large",
        "sla: 99.99",
        "provider: {kind: ssh}",
        f"feeds: [{', '.join(f'row{row}{half}' for row in range(rows) for half in 'ab')}]",
        f"switches: [{', '.join(f'leaf{rack}{half}' for rack in range(racks) for half in 'ab')}]",
        "racks:",
    ]
    for rack in range(racks):
        row = rack // RACKS_IN_ROW
        lines.append(f"  r{rack}: {{feeds: [row{row}a, row{row}b], switches: [leaf{rack}a, leaf{rack}b]}}")
    lines += ["networks:"]
    for number, name in enumerate(("management", "tunnel", "storage", "external")):
        vip = ", vip: 10.0.0.1" if name == "management" else ""
        lines.append(f"  {name}: {{cidr: 10.{16 * number}.0.0/12, mtu: 9000{vip}}}")
    lines += ["hosts:"]
    for block, (name, role, count, networks) in enumerate(counts):
        done = 0
        for rack in range(min(racks, count)):
            here = count // min(racks, count) + (rack < count % min(racks, count))
            lines.append(_hosts(name, role, done, here, rack, block, networks))
            done += here
    lines += ["services:", "  ceph: {failure_domain: rack}", f"accept: {{{_ACCEPT}}}"]
    return "\n".join(lines) + "\n"


_ACCEPT = "FENCE-NONE: a bench, FENCE-COMPUTE: a bench"


def _hosts(name: str, role: str, first: int, count: int, rack: int, block: int, networks: str) -> str:
    numbers = {"management": 0, "tunnel": 16, "storage": 32, "external": 48}
    addresses = ", ".join(
        f'{network}: "10.{numbers[network] + 1 + block * 2 + rack // 250}.{rack % 250}.[1-{count}]"'
        for network in networks.split()
    )
    disks = ", disks: {" + ", ".join(f"d{disk}: {{device: /dev/disk{disk}}}" for disk in range(DISKS)) + "}"
    last = first + count - 1
    return (
        f"  {name}[{first}-{last}]: {{roles: [{role}], rack: r{rack}, networks: {{{addresses}}}"
        f"{disks if role == 'storage' else ''}}}"
    )
