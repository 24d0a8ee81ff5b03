"""What else is to be known before a host is changed: its clock, and whether there is room for what will be written."""

from __future__ import annotations

import os
from typing import Any

from fournines.converge.agent.machine import Data, Machine


def room(machine: Machine, resources: list[Data]) -> list[Data]:
    """Every file system that resources lie on: {path (its mount point), bytes and inodes that are free (null: it has
    no such limit), services}."""
    found: dict[int, dict[str, Any]] = {}
    for resource in resources:
        if resource["kind"] not in ("file", "directory", "link"):
            continue
        path = os.path.dirname(machine.at(resource["path"]))
        while not os.path.isdir(path):
            path = os.path.dirname(path)
        device = os.stat(path).st_dev
        if device not in found:
            while not os.path.ismount(path):
                path = os.path.dirname(path)
            state = os.statvfs(path)
            found[device] = {
                "path": path,
                "bytes": state.f_bavail * state.f_frsize,
                "inodes": state.f_favail if state.f_files else None,
                "services": [],
            }
        service = resource.get("service", "")
        if service and service not in found[device]["services"]:
            found[device]["services"].append(service)
    return list(found.values())
