"""What instance HA asks of OpenStack, as Nova's own user; joined before `instance_ha.py` on the hosts.

With Masakari in the cloud its engine moves the guests, and is told to by a notification once their host is off and
refused. Facts of Masakari 19 that the rest stands on: a notification of a stopped host puts that host `on_maintenance`,
whose further notifications the API refuses (409); the engine goes on with a host until the notification is neither
`new` nor `running`; and where a guest is being rebuilt already, the engine resets its state and evacuates it once more,
which could start it twice. So nobody moves a host's guests beside it, and it is told of none that is being moved.
"""

import json
import ssl
import time
import urllib.error
import urllib.request
from typing import Any, Literal

EVACUATE = "2.53"
"""Nova's last microversion but one after which an evacuated guest is left switched off (2.95)."""
NOT_TAKEN = frozenset({400, 401, 403, 404, 409, 413, 503})
"""Answers after which a request has had no effect, and will have none."""
Turn = Literal["due", "busy", "over"]
"""Masakari can be told of a lost host; works on it; or has done what it will do, and takes no further notification."""


class AskError(Exception):
    """OpenStack did not answer, or said no."""

    def __init__(self, text: str, status: int = 0, *, taken: bool | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.taken = taken
        """Whether what was asked may have been, or may yet be, done; None: it was not said."""


class Api:
    """One of OpenStack's APIs. A token is taken anew when it is no longer good."""

    version = ""
    """Microversion: of which service, and which."""

    def __init__(self, config: dict[str, Any], url: str) -> None:
        self.config = config
        self.url = url
        self.token = ""
        self.tls = ssl.create_default_context(cafile=config["ca"])

    def ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Raises AskError."""
        if not self.token:
            self._log_in()
        try:
            return self._request(method, f"{self.url}{path}", body)[0]
        except AskError as error:
            if error.status != 401:
                raise
            self._log_in()
            return self._request(method, f"{self.url}{path}", body)[0]

    def _log_in(self) -> None:
        domain = {"name": "Default"}
        user = {"name": self.config["user"], "domain": domain, "password": self.config["password"]}
        identity = {"methods": ["password"], "password": {"user": user}}
        scope = {"project": {"name": "service", "domain": domain}}
        self.token = ""
        url = f"{self.config['keystone']}/auth/tokens"
        try:
            self.token = self._request("POST", url, {"auth": {"identity": identity, "scope": scope}})[1]
        except AskError as error:
            raise AskError(str(error), error.status, taken=False) from error

    def _request(self, method: str, url: str, body: object) -> tuple[dict[str, Any], str]:
        headers = {"Content-Type": "application/json"}
        if self.version:
            headers["OpenStack-API-Version"] = self.version
        if self.token:
            headers["X-Auth-Token"] = self.token
        data = None if body is None else json.dumps(body).encode()
        call = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - ours
        try:
            with urllib.request.urlopen(call, timeout=10, context=self.tls) as answer:  # noqa: S310
                return json.loads(answer.read() or b"{}"), answer.headers.get("X-Subject-Token") or ""
        except urllib.error.HTTPError as error:
            text = f"{method} {url}: {error.code} {error.read()[:300]!r}"
            raise AskError(text, error.code, taken=error.code not in NOT_TAKEN) from error
        except urllib.error.URLError as error:
            # It was never sent.
            raise AskError(f"{method} {url}: {error}", taken=False) from error
        except (OSError, ValueError) as error:
            raise AskError(f"{method} {url}: {error}", taken=True) from error


class Nova(Api):
    version = f"compute {EVACUATE}"

    def services(self) -> dict[str, dict[str, Any]]:
        """Compute host -> what Nova knows of its daemon."""
        found = self.ask("GET", "/os-services?binary=nova-compute")["services"]
        return {each["host"]: each for each in found}

    def guests(self, host: str) -> list[dict[str, Any]]:
        return self.ask("GET", f"/servers/detail?all_tenants=1&host={host}")["servers"]

    def host_of(self, guest: str) -> str | None:
        """None: Nova has no such guest."""
        try:
            return self.ask("GET", f"/servers/{guest}")["server"]["OS-EXT-SRV-ATTR:host"]
        except AskError as error:
            if error.status == 404:
                return None
            raise

    def force_down(self, service: str, down: bool) -> None:
        self.ask("PUT", f"/os-services/{service}", {"forced_down": down})

    def act(self, guest: str, body: object) -> None:
        self.ask("POST", f"/servers/{guest}/action", body)


class Masakari(Api):
    # The first that says of a segment whether it is enabled.
    version = "instance-ha 1.2"
    doubt_s = 70.0
    """For which a notification that got no answer may still be taken: HAProxy waits 60 s for the API's."""

    def __init__(self, config: dict[str, Any], url: str) -> None:
        super().__init__(config, url)
        self.doubts: dict[str, float] = {}
        """Host -> when it was told of, without an answer."""

    def hosts(self) -> dict[str, dict[str, Any]]:
        """Compute host -> what Masakari knows of it, where it would move its guests. Raises AskError."""
        segments = [each for each in self.ask("GET", "/segments")["segments"] if each["enabled"]]
        listed = [self.ask("GET", f"/segments/{segment['uuid']}/hosts")["hosts"] for segment in segments]
        return {each["name"]: each for hosts in listed for each in hosts}

    def turn(self, host: str) -> Turn:
        """Raises AskError."""
        if time.monotonic() - self.doubts.get(host, -self.doubt_s) < self.doubt_s:
            return "busy"
        # In this order: what it is told of between the two questions shows in the second.
        known = self.hosts().get(host)
        if known is None:
            # It refuses to be told of that one, or ignores it.
            return "over"
        if any(self._stops(known["uuid"], status) for status in ("new", "running")):
            return "busy"
        return "over" if known["on_maintenance"] else "due"

    def _stops(self, host: str, status: str) -> bool:
        path = f"/notifications?type=COMPUTE_HOST&source_host_uuid={host}&status={status}"
        return any(each["payload"].get("event") == "STOPPED" for each in self.ask("GET", path)["notifications"])

    def tell(self, host: str) -> None:
        """The host is off, and was refused: its guests are to be moved. Raises AskError."""
        lost = {
            "type": "COMPUTE_HOST",
            "hostname": host,
            "generated_time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            # The last says that its state is known for certain: else Masakari does nothing.
            "payload": {"event": "STOPPED", "cluster_status": "OFFLINE", "host_status": "NORMAL"},
        }
        try:
            self.ask("POST", "/notifications", {"notification": lost})
        except AskError as error:
            if error.taken:
                self.doubts[host] = time.monotonic()
            raise

    def rearm(self, known: dict[str, Any]) -> bool:
        """Whether it can be told of the host's next loss. Raises AskError."""
        if known["on_maintenance"]:
            path = f"/segments/{known['failover_segment_id']}/hosts/{known['uuid']}"
            try:
                self.ask("PUT", path, {"host": {"on_maintenance": False}})
            except AskError as error:
                # While a notification of any host of the segment is worked on, or has failed and did not yet expire.
                if error.status != 409:
                    raise
                return False
        return True
