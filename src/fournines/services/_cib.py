"""The Pacemaker configuration (CIB) as XML: properties, the VIP, fencing, units that run on one host at a time.

Pure: cloud in, XML text out. Checked offline by `crm_verify` in the tests.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Mapping
from xml.etree.ElementTree import Element, SubElement

from fournines.cloud.model import Cloud, Host

PROPERTY_SET = "fournines"
VIP_AGENT = "/usr/lib/ocf/resource.d/fournines/vip"
UNFIT = "unfit"
"""Node attribute of a controller that takes itself out of service (`onhost/outlier.py`)."""
PASSWORD_SCRIPT = "/etc/fournines/bmc-{host}"  # noqa: S105 - a path


def _nvpairs(parent: Element, prefix: str, values: Mapping[str, str]) -> None:
    for name, value in values.items():
        SubElement(parent, "nvpair", id=f"{prefix}-{name}", name=name, value=value)


def _primitive(parent: Element, name: str, agent: Mapping[str, str], parameters: Mapping[str, str]) -> Element:
    primitive = SubElement(parent, "primitive", {"id": name, **agent})
    if parameters:
        _nvpairs(SubElement(primitive, "instance_attributes", id=f"{name}-params"), f"{name}-params", parameters)
    return primitive


def _operation(operations: Element, resource: str, name: str, interval: str, timeout: str) -> None:
    SubElement(operations, "op", id=f"{resource}-{name}", name=name, interval=interval, timeout=timeout)


def _avoid_unfit(constraints: Element, resource: str) -> None:
    # More than its stickiness; where every host is unfit, it stays.
    fit = SubElement(constraints, "rsc_location", id=f"{resource}-fit", rsc=resource)
    rule = SubElement(fit, "rule", id=f"{resource}-fit-rule", score="1000")
    SubElement(rule, "expression", id=f"{resource}-fit-is", attribute=UNFIT, operation="not_defined")


def properties(cloud: Cloud, fenced: int, fence_action: str) -> dict[str, str]:
    """Cluster options. `fenced`: so many hosts may have to be. `fence_action`: off or reboot."""
    return {
        "cluster-name": cloud.name,
        # Nobody can fence a host that is alone, and nobody needs to.
        "stonith-enabled": "true" if fenced > 1 else "false",
        "stonith-action": fence_action,
        "stonith-timeout": f"{cloud.timers.fence_timeout:g}s",
        "no-quorum-policy": "stop",
        # How long a starting node listens for a DC before it calls an election.
        "dc-deadtime": "5s" if cloud.provider == "lab" else "30s",
        # Labs share one machine's load average, which says nothing of a host.
        "load-threshold": "1000%" if cloud.provider == "lab" else "200%",
    }


def configuration(
    cloud: Cloud,
    hosts: tuple[Host, ...],
    fence_action: str,
    moved: Iterable[str] = (),
    others: tuple[Host, ...] = (),
) -> Element:
    """The `configuration` element. `moved`: systemd units, of which each runs on one host at a time. `others`: hosts
    that are no members, and can be fenced by these."""
    root = Element("configuration")
    options = SubElement(SubElement(root, "crm_config"), "cluster_property_set", id=PROPERTY_SET)
    _nvpairs(options, PROPERTY_SET, properties(cloud, len(hosts) + len(others), fence_action))
    SubElement(root, "nodes")
    resources = SubElement(root, "resources")
    constraints = SubElement(root, "constraints")

    vip = _primitive(
        resources,
        "vip",
        {"class": "ocf", "provider": "fournines", "type": "vip"},
        {
            "ip": cloud.vip,
            "cidr_netmask": str(cloud.networks["management"].cidr.prefixlen),
            "arp_count": "3",
            "arp_bg": "true",
            "patience": str(cloud.timers.monitor_patience),
        },
    )
    # One failure is enough: another host's HAProxy is as good.
    _nvpairs(SubElement(vip, "meta_attributes", id="vip-meta"), "vip-meta", {"migration-threshold": "1"})
    operations = SubElement(vip, "operations")
    every = f"{cloud.timers.monitor_interval:g}s"
    # It gives its answer by itself, once patience is over; that of an agent that hangs takes longer.
    _operation(operations, "vip", "monitor", every, f"{cloud.timers.monitor_patience + 8}s")
    _operation(operations, "vip", "start", "0s", "30s")
    _operation(operations, "vip", "stop", "0s", "20s")

    _avoid_unfit(constraints, "vip")

    for name in moved:
        unit = name.removesuffix(".service")
        operations = SubElement(_primitive(resources, unit, {"class": "systemd", "type": unit}, {}), "operations")
        _operation(operations, unit, "monitor", every, "30s")
        # It waits for its database and broker by itself.
        _operation(operations, unit, "start", "0s", "300s")
        _operation(operations, unit, "stop", "0s", "60s")
        _avoid_unfit(constraints, unit)

    for host in (*hosts, *others):
        if host.bmc is None or hosts == (host,):
            continue
        fence = f"fence-{host.name}"
        device = _primitive(
            resources,
            fence,
            {"class": "stonith", "type": "fence_redfish"},
            {
                "ip": host.bmc.address,
                "ipport": str(host.bmc.port),
                "systems_uri": host.bmc.system,
                "username": host.bmc.username,
                # A script keeps the password out of the CIB, which crm_mon and cibadmin show.
                "password_script": PASSWORD_SCRIPT.format(host=host.name),
                "pcmk_host_list": host.name,
                "power_timeout": f"{cloud.timers.fence_timeout:g}",
            },
        )
        operations = SubElement(device, "operations")
        _operation(operations, fence, "monitor", "60s", "20s")
        if host in hosts:
            # A host must not be trusted to fence itself.
            SubElement(
                constraints,
                "rsc_location",
                {"id": f"{fence}-elsewhere", "rsc": fence, "node": host.name, "score": "-INFINITY"},
            )

    defaults = SubElement(SubElement(root, "rsc_defaults"), "meta_attributes", id="rsc-options")
    _nvpairs(
        defaults,
        "rsc-options",
        {"resource-stickiness": "100", "migration-threshold": "3", "failure-timeout": "60s"},
    )
    return root


def cib(configuration: Element) -> str:
    """A whole CIB, as a node finds it at its very first start: options hold from the first election on."""
    root = Element(
        "cib",
        {"validate-with": "pacemaker-4.0", "admin_epoch": "0", "epoch": "1", "num_updates": "0"},
    )
    root.append(configuration)
    SubElement(root, "status")
    return text(root)


def text(root: Element) -> str:
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"
