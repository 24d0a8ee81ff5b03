"""Pacemaker: keeps the VIP next to an HAProxy that answers, fences by each host's BMC, and runs on one host at a time
what a strategy gives it. Nothing else.

Databases and brokers are not its business: they replicate and recover by themselves, and a second supervisor
over them has been the cause of outages rather than their cure (field notes, peers).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal
from xml.etree.ElementTree import Element

from fournines.cloud.model import Bmc, Cloud, Host, Needs
from fournines.cloud.strategies import QUORUM
from fournines.converge.resources import Directory, File, Resource, Unit
from fournines.converge.steps import Check, Command, Step
from fournines.services import Options, Said, Service, Trial, catalogue
from fournines.services import _cib as cib
from fournines.services._render import on_host
from fournines.state import Vault

_DROP_IN = "/etc/systemd/system/pacemaker.service.d/fournines.conf"
_CIB_PROGRAM = "/usr/local/lib/fournines/cib.py"
_DEFAULTS = "/etc/default/pacemaker"

# Who is no member is not in standby, though Pacemaker may be installed: a lab's hosts have one image.
_STANDBY = f'[ -e {_DROP_IN} ] || exit 0; crm_attribute --quiet --node "$(crm_node -n)" --name standby'
# Every controller has it on its loopback.
_CARRIES = r"""
if ip -o -4 address show to "$1" | grep -qv '^[0-9]*: lo '; then
    echo '{"accepted": true, "seen": "it carries the VIP"}'
else
    echo '{"accepted": false, "seen": "it does not carry the VIP"}'
fi
"""


class PacemakerOptions(Options):
    fence_action: Literal["off", "reboot"] | None = None
    """What becomes of a fenced host. Default: off in a lab, reboot on real hosts, so that it returns by itself."""


class Pacemaker(Service):
    """Facts: vip (this host carries it), quorate, online, unclean, standby (lists of hosts), dc."""

    name = "pacemaker"
    strategies = (QUORUM,)
    voters = "corosync"
    needs = (Needs("corosync", "majority"),)
    packages = ("pacemaker", "pacemaker-cli-utils", "resource-agents", "fence-agents-redfish")
    options = PacemakerOptions
    log_units = ("pacemaker.service",)
    leaves = ()
    primary = "vip"

    def resources(self, cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
        hosts = cloud.services[self.name].hosts
        yield Directory(path="/etc/fournines")
        for other in (*hosts, *_others(cloud)):
            if other.bmc:
                yield File(
                    path=cib.PASSWORD_SCRIPT.format(host=other.name),
                    content=f"#!/bin/sh\necho '{bmc_password(other.bmc, vault)}'\n",
                    mode=0o700,
                    secret=True,
                )
        yield File(path=_DEFAULTS, content="PCMK_logfile=none\nPCMK_logpriority=notice\nPCMK_logfacility=daemon\n")
        yield Directory(path="/usr/local/lib/fournines")
        yield File(path=_CIB_PROGRAM, content=on_host("cib.py"))
        yield Directory(path="/etc/systemd/system/pacemaker.service.d")
        yield File(path=_DROP_IN, content=_drop_in())
        yield Directory(path=str(Path(cib.VIP_AGENT).parent))
        yield File(path=cib.VIP_AGENT, content=on_host("vip.sh"), mode=0o755)
        yield File(
            path="/var/lib/pacemaker/cib/cib.xml",
            content=cib.cib(self._configuration(cloud)),
            owner="hacluster",
            group="haclient",
            mode=0o600,
            once=True,
        )
        yield Unit(name="pacemaker.service", reads=(_DEFAULTS, _DROP_IN))

    def health(self, cloud: Cloud, host: Host) -> Check:
        return Command(
            awaits="Pacemaker to have this node online, with quorum and a DC",
            argv=("python3", "-", cloud.vip),
            stdin=on_host("pacemaker_facts.py"),
        )

    def facts(self, cloud: Cloud, host: Host) -> Command:
        return Command(
            awaits="Pacemaker's own view",
            argv=("python3", "-", cloud.vip),
            stdin=on_host("pacemaker_facts.py"),
        )

    def trial(self, cloud: Cloud, host: Host) -> Trial:
        """To carry the VIP. A host without quorum is fenced or gives it up, when fencing has had its time."""
        timers = cloud.timers
        command = Command(awaits="the VIP to be there", argv=("sh", "-c", _CARRIES, "nines", cloud.vip), timeout=5)
        return Trial(command, after_s=timers.vip_failover() + timers.fence_timeout)

    def quorum(self, said: Said) -> tuple[int, str]:
        """Members of a quorate partition."""
        quorate = [facts for facts in said.values() if facts.get("quorate") is True]
        online = max([len(facts.get("online") or []) for facts in quorate], default=0)
        return online, f"{online} of {len(said)} online"

    def steps(self, cloud: Cloud, vault: Vault) -> Iterable[Step]:
        hosts = cloud.services[self.name].hosts
        desired = cib.text(self._configuration(cloud))
        yield Step(
            name="put the cluster configuration in place",
            host=hosts[0].name,
            done=Command(
                awaits="Pacemaker to run the VIP and fencing",
                argv=("python3", _CIB_PROGRAM, "check"),
                stdin=desired,
                timeout=20,
            ),
            run=Command(awaits="", argv=("python3", _CIB_PROGRAM, "replace"), stdin=desired, timeout=60),
            bound=90,
        )

    def _configuration(self, cloud: Cloud) -> Element:
        options = PacemakerOptions.model_validate(cloud.services[self.name].options)
        action = options.fence_action or ("off" if cloud.provider == "lab" else "reboot")
        hosts = cloud.services[self.name].hosts
        return cib.configuration(cloud, hosts, action, _moved(cloud), _others(cloud))


def _others(cloud: Cloud) -> tuple[Host, ...]:
    """Hosts that a service asks the members to fence, and that are none themselves."""
    members = cloud.services["pacemaker"].hosts
    fenced = {host.name: host for name in cloud.services for host in catalogue()[name].fenced(cloud)}
    return tuple(host for host in fenced.values() if host not in members)


def started(cloud: Cloud, unit: str) -> Step:
    """Pacemaker tried to run that one before it was there, and does not try again by itself."""
    name = unit.removesuffix(".service")
    found = f"crm_resource --locate --resource {name} 2>&1 | grep 'is running on'"
    return Step(
        name=f"have Pacemaker run {name}",
        host=cloud.services["pacemaker"].hosts[0].name,
        done=Command(awaits=f"Pacemaker to run {name}", argv=("sh", "-c", found)),
        run=Command(awaits="", argv=("crm_resource", "--cleanup", "--resource", name), timeout=60),
        bound=90,
    )


def standby(on: bool) -> Command:
    """Run on a host: Pacemaker takes all that it keeps from it, or may use it again. Idempotent; ends when that is
    done. Nothing is done on a host that is no member."""
    change = "--update on" if on else "--delete"
    return Command(
        awaits="Pacemaker to have moved what it keeps",
        argv=("sh", "-ec", f"{_STANDBY} {change}; crm_resource --wait --timeout 60s"),
        timeout=90,
    )


def _moved(cloud: Cloud) -> tuple[str, ...]:
    """Units of services whose strategy gives them to Pacemaker."""
    kept = [name for name, placement in cloud.services.items() if placement.strategy.supervisor == "pacemaker"]
    return tuple(unit for name in sorted(kept) for unit in catalogue()[name].moved)


def _drop_in() -> str:
    return (
        # At a shutdown the VIP leaves before the HAProxy that serves it ends.
        "[Unit]\nAfter=haproxy.service\n\n"
        # It comes before what it protects: while it waits for a busy processor's answers it sleeps whole seconds.
        # Debian waits half an hour for a stop.
        "[Service]\nNice=-10\nTimeoutStopSec=90\n"
    )


def bmc_password(bmc: Bmc, vault: Vault) -> str:
    """Of the operator's file, else the lab's own. Raises OSError when the file cannot be read."""
    if bmc.password_file:
        return Path(bmc.password_file).read_text(encoding="utf-8").strip()
    return vault.password("bmc")
