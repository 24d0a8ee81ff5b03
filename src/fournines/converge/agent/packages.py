"""Debian packages: which are missing, and their installation with nothing started by itself."""

from __future__ import annotations

import os

from fournines.converge.agent import programs
from fournines.converge.agent.line import Line
from fournines.converge.agent.machine import Machine, Refusal

POLICY = "/usr/sbin/policy-rc.d"
POLICY_SAVED = POLICY + ".before-fournines"
POLICY_TEXT = b"#!/bin/sh\n# Written by fournines while it installs packages: nothing starts by itself.\nexit 101\n"


def packages_missing(names: list[str]) -> list[str]:
    if not names:
        return []
    ran = programs.execute(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *names])
    # Exit 1 only says that some are not known.
    if ran.exit not in (0, 1):
        raise Refusal("dpkg-query: " + ran.said())
    there = {line.split()[0] for line in ran.out.splitlines() if line.split()[1:] == ["installed"]}
    return [name for name in names if name not in there]


def install(machine: Machine, names: list[str], line: Line) -> None:
    """Install packages with nothing started by itself; ends what an interrupted dpkg left."""
    if machine.read(POLICY) not in (None, POLICY_TEXT):
        os.replace(machine.at(POLICY), machine.at(POLICY_SAVED))
    machine.put(POLICY, POLICY_TEXT, 0o755)
    apt = ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=120", "-o", "Dpkg::Options::=--force-confold"]
    try:
        with line.beating(lambda: "installing {}".format(", ".join(names))):
            machine.tool("dpkg", "--configure", "-a", "--force-confold", timeout=900)
            ran = programs.execute([*apt, "install", "--no-install-recommends", "--", *names], timeout=1800)
            if ran.exit:
                # Most often there is no package index yet, or an old one.
                machine.tool(*apt, "update", timeout=300)
                ran = programs.execute([*apt, "install", "--no-install-recommends", "--", *names], timeout=1800)
    finally:
        allow_starts(machine)
    if ran.exit != 0:
        raise Refusal("apt-get install {}: {}".format(" ".join(names), ran.said() or "no end after 1800 s"))


def allow_starts(machine: Machine) -> None:
    """Take back our policy-rc.d; the one that was there before returns."""
    if os.path.lexists(machine.at(POLICY_SAVED)):
        os.replace(machine.at(POLICY_SAVED), machine.at(POLICY))
    elif machine.read(POLICY) == POLICY_TEXT:
        machine.remove(POLICY)
