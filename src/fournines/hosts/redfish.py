"""The operator's side of a BMC: power of one host over Redfish."""

from __future__ import annotations

import base64
import json
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from fournines.cloud.model import Bmc
from fournines.errors import HostError
from fournines.hosts import PowerState


@dataclass(frozen=True, slots=True)
class Redfish:
    """The BMC of a host. Every call raises HostError when it does not answer as Redfish does."""

    host: str
    bmc: Bmc
    password: str = field(repr=False)
    ca_file: Path | None = None
    """Trusted besides this machine's own authorities."""
    timeout: float = 30
    """Seconds for one request."""

    def power(self) -> PowerState:
        """`off` only when the BMC says Off: a host that is powering off is still on."""
        state = str(self._call("GET", self.bmc.system).get("PowerState", ""))
        if not state:
            raise HostError(self.host, f"its BMC names no PowerState at {self.bmc.system}", "check bmc.system")
        return "off" if state.strip() == "Off" else "on"

    def power_on(self, bound: float = 120) -> None:
        """Switch on, and return when the BMC says that it is; the boot takes longer."""
        self._reset("On", "on", bound)

    def power_off(self, bound: float = 60) -> None:
        """Cut the power at once, and return when the BMC says that it is off."""
        self._reset("ForceOff", "off", bound)

    def _reset(self, kind: str, wanted: PowerState, bound: float) -> None:
        system = self._call("GET", self.bmc.system)
        if (system.get("PowerState") == "Off") == (wanted == "off"):
            return
        try:
            target = system["Actions"]["#ComputerSystem.Reset"]["target"]
        except (KeyError, TypeError):
            raise HostError(self.host, f"its BMC offers no Reset at {self.bmc.system}", "check bmc.system") from None
        self._call("POST", str(target), {"ResetType": kind})
        end = time.monotonic() + bound
        while self.power() != wanted:
            if time.monotonic() > end:
                raise HostError(self.host, f"{kind} accepted, but after {bound:g} s its power is not {wanted}")
            time.sleep(0.2)

    def _call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        context = ssl.create_default_context()
        if self.ca_file:
            context.load_verify_locations(self.ca_file)
        credentials = base64.b64encode(f"{self.bmc.username}:{self.password}".encode()).decode()
        address = f"{self.bmc.address}:{self.bmc.port}"
        request = urllib.request.Request(
            f"https://{address}{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={
                "Authorization": f"Basic {credentials}",
                "Content-Type": "application/json",
                "Accept": "application/json",
                "OData-Version": "4.0",
            },
        )
        # A BMC is on a network of ours, never behind a proxy.
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        try:
            with opener.open(request, timeout=self.timeout) as response:
                text = response.read()
        except urllib.error.HTTPError as error:
            raise HostError(
                self.host, f"its BMC {address} answers {error.code} to {method} {path}: {_told(error)}"
            ) from None
        except (OSError, ValueError) as error:
            raise HostError(
                self.host, f"its BMC {address} does not answer: {error}", "check bmc.address and its port"
            ) from None
        try:
            answer: Any = json.loads(text) if text.strip() else {}
        except ValueError:
            raise HostError(self.host, f"its BMC {address} does not speak Redfish at {path}") from None
        return cast(dict[str, Any], answer) if isinstance(answer, dict) else {}


def _told(error: urllib.error.HTTPError) -> str:
    """The message of a Redfish error."""
    try:
        return str(json.loads(error.read())["error"]["message"])
    except (OSError, ValueError, KeyError, TypeError):
        return str(error.reason)
