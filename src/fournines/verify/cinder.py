"""Cinder: every daemon up; a volume type; a question to a scheduler; where there is a backend, a volume."""

from __future__ import annotations

from fournines.verify import NAME, Client, Trip
from fournines.verify.client import all_up, want


class Cinder(Trip):
    name = "cinder"

    def clean(self, at: Client) -> None:
        cinder = at.sdk.block_storage
        for volume in cinder.volumes(name=NAME):
            cinder.delete_volume(volume)
        at.wait(lambda: not list(cinder.volumes(name=NAME)), "a volume to be deleted")
        for kind in cinder.types():
            if kind.name == NAME:
                cinder.delete_type(kind)

    def go(self, at: Client) -> str:
        cinder, placement = at.sdk.block_storage, at.cloud.services[self.name]
        shared = "ceph-osd" in at.cloud.services
        everywhere = ("cinder-scheduler", *(("cinder-backup",) if shared else ()))
        expected = [(daemon, host.name) for daemon in everywhere for host in placement.hosts]
        if shared:
            one = placement.strategy.supervisor == "pacemaker"
            managers = [at.cloud.name] if one else [host.name for host in placement.hosts]
            expected += [("cinder-volume", manager) for manager in managers]
        up = all_up(cinder.services(), expected)
        kind = cinder.create_type(name=NAME)
        want(cinder.get_type(kind.id).name == NAME, "not the volume type that was made")
        cinder.delete_type(kind, ignore_missing=False)
        # The API does not know them: it asks a scheduler over the message bus.
        pools = len(list(cinder.backend_pools()))
        told = f"{up}; a volume type; a scheduler's answer ({pools} pools)"
        if not shared and not placement.options.get("backends"):
            return told
        volume = cinder.create_volume(name=NAME, size=1)
        at.wait(lambda: self._made(at, volume.id), "a volume to be made")
        self.clean(at)
        return f"{told}; a volume"

    def _made(self, at: Client, volume: str) -> bool:
        status = at.sdk.block_storage.get_volume(volume).status
        want(status != "error", "a volume could not be made: see cinder-volume's and cinder-scheduler's logs")
        return status == "available"
