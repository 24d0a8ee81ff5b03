"""Debian packages: which are missing, and their installation with nothing started by itself."""

from __future__ import annotations

import os
import re

from fournines.converge.agent import programs
from fournines.converge.agent.line import Line
from fournines.converge.agent.machine import Data, Machine, Refusal

POLICY = "/usr/sbin/policy-rc.d"
POLICY_SAVED = POLICY + ".before-fournines"
NOWHERE = re.compile(r"Unable to locate package (\S+)|Package '?([^\s']+)'? has no installation candidate")
SOURCES = "correct its package sources (/etc/apt/sources.list.d), try apt-get update there, then run nines again"
POLICY_TEXT = b"#!/bin/sh\n# Written by fournines while it installs packages: nothing starts by itself.\nexit 101\n"


def names_in(resources: list[Data]) -> list[str]:
    return [resource["name"] for resource in resources if resource["kind"] == "package"]


def versions(names: list[str]) -> dict[str, str]:
    """Of those that are installed."""
    if not names:
        return {}
    ran = programs.execute(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status} ${Version}\n", *names])
    # Exit 1 only says that some are not known.
    if ran.exit not in (0, 1):
        raise Refusal("dpkg-query: " + ran.said())
    rows = [line.split() for line in ran.out.splitlines()]
    return {row[0]: row[2] for row in rows if row[1:2] == ["installed"]}


def install(machine: Machine, wanted: dict[str, str], line: Line) -> None:
    """Install packages (name -> service) with nothing started by itself; ends what an interrupted dpkg left."""
    names = list(wanted)
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
                updated = programs.execute([*apt, "update"], timeout=300)
                if updated.exit:
                    raise Refusal(f"apt-get update: {complaint(updated)}", SOURCES)
                ran = programs.execute([*apt, "install", "--no-install-recommends", "--", *names], timeout=1800)
    finally:
        allow_starts(machine)
    if ran.exit != 0:
        nowhere = [name for pair in NOWHERE.findall(ran.err + ran.out) for name in pair if name]
        if nowhere:
            told = [f"{name} ({wanted[name]})" if wanted.get(name) else name for name in nowhere]
            raise Refusal("its package sources do not have {}".format(", ".join(told)), SOURCES)
        remedy = "make room there, then run it again" if "space" in ran.said() else SOURCES
        raise Refusal(f"apt-get install: {complaint(ran)}", remedy)


def complaint(ran: programs.Ran) -> str:
    """The few lines of apt that say why."""
    lines = [line for line in (ran.err + ran.out).splitlines() if line.startswith(("E:", "Err:"))]
    return "; ".join(lines[:4])[:600] or (ran.said()[-600:] if ran.exit is not None else "it did not end in time")


def allow_starts(machine: Machine) -> None:
    """Take back our policy-rc.d; the one that was there before returns."""
    if os.path.lexists(machine.at(POLICY_SAVED)):
        os.replace(machine.at(POLICY_SAVED), machine.at(POLICY))
    elif machine.read(POLICY) == POLICY_TEXT:
        machine.remove(POLICY)
