"""A small server on each compute host: who runs there, who crashed; and the gate before Nova, which a host that was
fenced passes when its guests are no longer being started elsewhere (`onhost/compute_agent.py`)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

from fournines.cloud.model import Cloud, Failover, Host, Needs, Spread
from fournines.cloud.ports import Port
from fournines.cloud.strategies import LOCAL
from fournines.converge.resources import Directory, File, Resource, Unit
from fournines.converge.steps import Command
from fournines.services import Service
from fournines.services._render import on_host, unit
from fournines.state import Vault

PORT = 9201
ADMISSION = "compute-admission.service"
"""Started when the cluster has admitted the host."""
SECRET = "compute admission"  # noqa: S105 - its name in the vault
_UNIT = "compute-agent.service"
_PROGRAM = "/usr/local/lib/fournines/compute_agent.py"
_CONF = "/etc/fournines/compute-agent.json"


class ComputeAgent(Service):
    """Facts: boot, admitted, running (ids of the guests that have a process there, each as often as it has one),
    crashed (ids)."""

    name = "compute-agent"
    part_of = "nova"
    roles = ("compute",)
    strategies = (LOCAL,)
    needs = (Needs("libvirt", "local"),)
    ports = (Port(PORT),)
    packages = ("python3-libvirt",)
    log_units = (_UNIT, ADMISSION)
    # Of whoever has a guest there. The agent itself may be away for a moment, and guests run on.
    failover = Failover("guest_failover", of="each", killed="", fenced=True)

    def resources(self, cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
        yield Directory(path="/etc/fournines")
        yield Directory(path="/usr/local/lib/fournines")
        yield File(path=_PROGRAM, content=on_host("compute_agent.py"))
        config = {"address": str(host.management), "secret": vault.password(SECRET)}
        yield File(path=_CONF, content=json.dumps(config) + "\n", mode=0o600, secret=True)
        path = f"/etc/systemd/system/{_UNIT}"
        yield File(path=path, content=_serving())
        yield Unit(name=_UNIT, reads=(_PROGRAM, _CONF, path))
        yield File(path=f"/etc/systemd/system/{ADMISSION}", content=_waiting())

    def spread(self, cloud: Cloud) -> Spread:
        """Each guest is on one of them, and others take it over."""
        return replace(super().spread(cloud), copies=1)

    def health(self, cloud: Cloud, host: Host) -> Command:
        return Command(awaits="its agent to answer", argv=("python3", "-c", _ASK, str(host.management)), timeout=8)

    def facts(self, cloud: Cloud, host: Host) -> Command:
        return Command(awaits="its guests", argv=("python3", "-c", _ASK, str(host.management)), timeout=8)


_ASK = f"""
import json, sys, urllib.request
print(json.dumps(json.load(urllib.request.urlopen(f"http://{{sys.argv[1]}}:{PORT}/", timeout=5))))
"""


def _serving() -> str:
    return unit(
        "What guests run on this host",
        unit=[("After", "network.target libvirtd.service"), ("StartLimitIntervalSec", "0")],
        service=[
            ("ExecStart", f"/usr/bin/python3 {_PROGRAM} serve"),
            ("Restart", "always"),
            ("RestartSec", "1"),
            # A host whose agent is silent is fenced.
            ("OOMScoreAdjust", "-900"),
            ("Nice", "-5"),
        ],
    )


def _waiting() -> str:
    return unit(
        "The cluster admits this host to run guests",
        unit=[("After", _UNIT)],
        service=[
            ("Type", "oneshot"),
            ("RemainAfterExit", "yes"),
            ("ExecStart", f"/usr/bin/python3 {_PROGRAM} wait"),
            ("TimeoutStartSec", "infinity"),
        ],
        wanted_by=None,
    )
