"""Isolation of one host of disks."""

from __future__ import annotations

from fournines.faults.host_isolate import HostIsolate


class StorageHostIsolate(HostIsolate):
    name = "storage-host-isolate"
    letter = "F"
    target = "storage"
