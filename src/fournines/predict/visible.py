"""What clients of a cloud see, and what each of it stands on: the top of the needs graph.

A service belongs here when its users would call its absence an outage. Names follow the budget table's columns.
"""

from __future__ import annotations

from dataclasses import dataclass

from fournines.cloud.columns import Column
from fournines.cloud.model import Cloud, Needs


@dataclass(frozen=True, slots=True)
class Visible:
    """One user-visible service."""

    name: str
    title: str
    column: Column
    """Whose budget a fault may cost it."""
    needs: tuple[Needs, ...]
    """What it stands on; it is offered by clouds that have all of them but the optional ones."""
    changes: bool = False
    """It changes something, so it stands on what `Needs.changes` says too."""


def _apis(*names: str) -> tuple[Needs, ...]:
    return tuple(Needs(name, optional=name != "keystone") for name in names)


_API = _apis("keystone", "placement", "glance", "neutron", "nova", "cinder")
_BLOCKS = Needs("ceph-osd", "all-but-one")

VISIBLE: tuple[Visible, ...] = (
    Visible("token", "a token", "token", (Needs("keystone"),)),
    Visible("api-read", "reading by the APIs", "read", _API),
    Visible("api-write", "changing by the APIs", "write", _API, changes=True),
    Visible(
        "create-guest",
        "creating a guest",
        "create",
        (*_apis("keystone", "placement", "glance", "neutron", "nova", "neutron-dhcp"), Needs("nova-compute")),
        changes=True,
    ),
    Visible("attach-volume", "attaching a volume", "attach", (*_API, Needs("nova-compute"), _BLOCKS), changes=True),
    Visible("volume-io", "reading and writing volumes", "volume-io", (_BLOCKS,)),
    Visible("floating-ip", "guests by floating IP", "fip", (Needs("neutron-l3"),)),
    Visible("dhcp", "guests' addresses by DHCP", "dhcp", (Needs("neutron-dhcp"),)),
    Visible("image-download", "downloading an image", "image", (Needs("glance"), Needs("ceph-osd", "all-but-one"))),
    Visible("s3", "objects by S3", "s3", (Needs("radosgw"),)),
    Visible("dashboard", "the dashboard", "ui", (Needs("horizon"),)),
    Visible(
        "guest",
        "one guest",
        "fip",
        # Its qemu runs on without libvirt and the agents: of these it needs the host alone.
        (
            Needs("compute-agent", "one"),
            Needs("nova-compute", changes=True),
            Needs("neutron-l3", optional=True),
            _BLOCKS,
        ),
    ),
)
"""In the order in which they are shown."""


def offered(cloud: Cloud) -> tuple[Visible, ...]:
    """What that cloud offers to its users."""
    return tuple(
        visible for visible in VISIBLE if all(need.optional or need.target in cloud.services for need in visible.needs)
    )


def ours(cloud: Cloud) -> tuple[Visible, ...]:
    """Of these the ones that stand on a host of this cloud: of what somebody else alone serves nothing is known."""

    def here(visible: Visible) -> bool:
        return any(not need.soft and (visible.changes or not need.changes) and runs(need) for need in visible.needs)

    def runs(need: Needs) -> bool:
        return need.target in cloud.services and bool(cloud.services[need.target].hosts)

    return tuple(filter(here, offered(cloud)))
