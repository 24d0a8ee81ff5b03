"""Masakari: a failover segment; and an engine is told, by way of the broker, that a compute host has started, which
changes nothing."""

from __future__ import annotations

import time
from typing import Any

from fournines.verify import NAME, Client, Trip
from fournines.verify.client import want

_VERSION = {"OpenStack-API-Version": "instance-ha 1.2"}
"""From this one on a segment says whether it is enabled."""


class Masakari(Trip):
    name = "masakari"

    def clean(self, at: Client) -> None:
        for segment in self._segments(at):
            if segment["name"] == NAME:
                at.sdk.session.delete(f"{self._url(at)}/segments/{segment['uuid']}")

    def go(self, at: Client) -> str:
        body = {"segment": {"name": NAME, "recovery_method": "auto", "service_type": "compute"}}
        at.sdk.session.post(f"{self._url(at)}/segments", json=body)
        segments = self._segments(at)
        want(any(each["name"] == NAME for each in segments), "no segment like the one that was made")
        self.clean(at)
        others = [each for each in segments if each["name"] != NAME]
        hosts = [host for each in others if each["enabled"] for host in self._hosts(at, each["uuid"])]
        if others and not any(each["enabled"] for each in others):
            return "a segment; those of the hosts are disabled, so no engine works on what it is told of them"
        want(hosts, "no compute host is in a failover segment")
        # Of one that is being recovered it is told nothing.
        free = [host["name"] for host in hosts if not host["on_maintenance"]]
        if not free:
            return "a segment; all its hosts are lost, so no engine was told of one"
        self._told(at, free[0])
        return f"{len(hosts)} compute hosts known, a segment, a notification worked on"

    def _told(self, at: Client, host: str) -> None:
        notification = {
            "type": "COMPUTE_HOST",
            "hostname": host,
            "generated_time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "payload": {"event": "STARTED", "cluster_status": "ONLINE", "host_status": "NORMAL"},
        }
        answer = at.sdk.session.post(f"{self._url(at)}/notifications", json={"notification": notification})
        made: str = answer.json()["notification"]["notification_uuid"]

        def finished() -> bool:
            seen = at.sdk.session.get(f"{self._url(at)}/notifications/{made}").json()["notification"]
            want(seen["status"] in ("new", "running", "finished"), f"a notification is {seen['status']}")
            return seen["status"] == "finished"

        at.wait(finished, "an engine to take a notification")

    def _hosts(self, at: Client, segment: str) -> list[dict[str, Any]]:
        return at.sdk.session.get(f"{self._url(at)}/segments/{segment}/hosts").json()["hosts"]

    def _segments(self, at: Client) -> list[dict[str, Any]]:
        return at.sdk.session.get(f"{self._url(at)}/segments", headers=_VERSION).json()["segments"]

    def _url(self, at: Client) -> str:
        return at.cloud.url(self.name)
