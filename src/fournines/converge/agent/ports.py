"""Who holds the port that a unit of ours cannot get."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import struct
from collections.abc import Iterable
from urllib.parse import urlsplit

from fournines.converge.agent.machine import Data

TAKEN = re.compile(r"address (is )?already in use|eaddrinuse|cannot bind|could not bind|errno 98", re.IGNORECASE)
PLACE = re.compile(r"(?:(\d+\.\d+\.\d+\.\d+):|\bport:? ?'?|:)(\d{2,5})\b", re.IGNORECASE)
TABLES = {"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07"}
"""Table of the kernel -> the state in which a socket holds its port for others."""
ANY = ("0.0.0.0", "::")  # noqa: S104

Place = tuple[str, int]
"""Address, empty where it is not known, and port."""


def holders(journal: Iterable[str], check: Data, own: Iterable[str]) -> list[Data]:
    """Processes of other units than `own` on a port that the journal says is taken, or on that of the check, where
    none of `own` is on it: {address, port, pid, program, unit (empty where it is of none)}."""
    wanted = [*places_of_check(check), *places_told(list(journal))]
    if not wanted:
        return []
    ours = set(own)
    found: dict[int, Data] = {}
    sockets, having = listening(), processes()
    for address, port in wanted:
        on_it = [
            (at, *having[inode])
            for inode, (at, number) in sockets.items()
            if number == port and (not address or address in ANY or at in (address, *ANY)) and inode in having
        ]
        if not any(unit in ours for _, _, _, unit in on_it):
            for at, pid, program, unit in on_it[:1]:
                found[port] = {"address": at, "port": port, "pid": pid, "program": program, "unit": unit}
    return [found[port] for port in sorted(found)]


def places_told(journal: list[str]) -> list[Place]:
    """Ports in lines that say that one is taken, and in those beside them: some programs need two lines to say it."""
    found: dict[Place, None] = {}
    for number, line in enumerate(journal):
        if TAKEN.search(line):
            for near in journal[max(0, number - 2) : number + 3]:
                found.update(dict.fromkeys((match[1] or "", int(match[2])) for match in PLACE.finditer(near)))
    return list(found)


def places_of_check(check: Data) -> list[Place]:
    if check.get("kind") == "tcp":
        return [(str(check["address"]), int(check["port"]))]
    if check.get("kind") == "http":
        url = urlsplit(str(check["url"]))
        return [(url.hostname or "", url.port or (443 if url.scheme == "https" else 80))]
    return []


def listening() -> dict[int, Place]:
    """Inode of each listening socket -> its address and port."""
    found: dict[int, Place] = {}
    for table, state in TABLES.items():
        with contextlib.suppress(OSError), open("/proc/net/" + table) as file:
            for line in list(file)[1:]:
                fields = line.split()
                if fields[3] == state:
                    address, port = fields[1].split(":")
                    found[int(fields[9])] = readable(address), int(port, 16)
    return found


def readable(address: str) -> str:
    """Of the kernel's hexadecimal words, each in the machine's byte order; an IPv4 address in IPv6 as IPv4."""
    words = [int(address[start : start + 8], 16) for start in range(0, len(address), 8)]
    raw = struct.pack(f"={len(words)}I", *words)
    if raw[:12] == bytes(10) + b"\xff\xff":
        raw = raw[12:]
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)


def processes() -> dict[int, tuple[int, str, str]]:
    """Inode of each socket -> (pid, program, unit) of the first process that has it."""
    found: dict[int, tuple[int, str, str]] = {}
    for pid in sorted(int(name) for name in os.listdir("/proc") if name.isdigit()):
        with contextlib.suppress(OSError):
            inodes: list[int] = []
            for handle in os.listdir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    target = os.readlink(f"/proc/{pid}/fd/{handle}")
                    if target.startswith("socket:["):
                        inodes.append(int(target[8:-1]))
            if inodes:
                with open(f"/proc/{pid}/comm") as file:
                    program = file.read().strip()
                with open(f"/proc/{pid}/cgroup") as file:
                    parts = file.read().strip().split("/")
                unit = next((part for part in reversed(parts) if part.endswith(".service")), "")
                for inode in inodes:
                    found.setdefault(inode, (pid, program, unit))
    return found
