"""Nova on compute hosts: guests by libvirt, their disks on Ceph where the cloud has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fournines.cloud.model import Cloud, Host, Needs
from fournines.cloud.strategies import LOCAL
from fournines.converge.resources import File, Resource, User
from fournines.converge.steps import Command, Step
from fournines.services import Options, _ceph, _database, _oslo, compute_agent, libvirt, nova, openvswitch
from fournines.services._openstack import BUS, OpenStack, Worker
from fournines.services._oslo import Sections
from fournines.state import Vault

_CONF = "/etc/nova/fournines-compute.conf"
_USER = "nova"
_PROGRAM = "/usr/local/lib/fournines/nova-compute"
# On a host that is new to Nova it connects to libvirt before it has registered a loop for events, and is told of none
# until its next start: ports follow a live migration late, and it finds late out that a guest has ended.
_HEARING = """\
#!/usr/bin/python3
import sys

from nova.cmd import compute
import libvirt

libvirt.virEventRegisterDefaultImpl()
sys.exit(compute.main())
"""


class NovaComputeOptions(Options):
    cpu_allocation_ratio: float = 4
    """Guests' processors to each of the host's."""
    ram_allocation_ratio: float = 1
    """Guests' memory to the host's."""
    reserved_memory_megabytes: int = 1024
    """What the host keeps for itself."""


class NovaCompute(OpenStack):
    name = "nova-compute"
    part_of = user = _USER
    roles = ("compute",)
    strategies = (LOCAL,)
    needs = (
        Needs("libvirt", "local"),
        Needs("neutron-openvswitch", "local"),
        BUS,
        *_ceph.NEEDS,
        Needs("nova", "any"),
        # It lets a host begin; without it guests run on.
        Needs("instance-ha", "any", soft=True, first=True, optional=True),
        Needs("neutron-dhcp", "any", soft=True),
        Needs("cinder", "any", soft=True),
        Needs("glance", "any", soft=True),
    )
    oslo = ("nova.conf", "oslo.privsep", "oslo.limit", "os_vif", *_oslo.DAEMONS)
    packages = ("nova-compute-kvm", *_ceph.CLIENT_PACKAGES)
    options = NovaComputeOptions
    log_units = ("nova-compute.service",)
    primary = "guests"

    def workers(self, cloud: Cloud) -> Iterable[Worker]:
        yield Worker(
            unit=self.name,
            command=f"{_PROGRAM} --config-file={_CONF} --config-file={libvirt.FOUND}",
            program=File(path=_PROGRAM, content=_HEARING, mode=0o755),
            after=(libvirt.UNIT, openvswitch.UNIT),
            requires=(compute_agent.ADMISSION,) if "instance-ha" in cloud.services else (),
        )

    def resources(self, cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
        yield User(name=_USER, groups=("libvirt",))
        if _ceph.used(cloud):
            yield from _ceph.client_files(cloud, host, vault, "nova", _USER)
        yield from super().resources(cloud, host, vault)

    def files(self, cloud: Cloud, host: Host, vault: Vault) -> Mapping[str, Sections]:
        options = NovaComputeOptions.model_validate(cloud.services[self.name].options)
        own = nova.daemon(cloud, host, vault)
        return {
            _CONF: {
                "DEFAULT": {
                    **own["DEFAULT"],
                    "compute_driver": "libvirt.LibvirtDriver",
                    # Guests that ran when their host lost power run again when it returns.
                    "resume_guests_state_on_host_boot": True,
                    "cpu_allocation_ratio": options.cpu_allocation_ratio,
                    "ram_allocation_ratio": options.ram_allocation_ratio,
                    "reserved_host_memory_mb": options.reserved_memory_megabytes,
                    # Else disks that are sparse in Ceph count as full.
                    "disk_allocation_ratio": 10,
                    "vif_plugging_timeout": 120,
                },
                "libvirt": {
                    "live_migration_scheme": "tls",
                    "live_migration_inbound_addr": host.management,
                    "live_migration_with_native_tls": True,
                    "live_migration_permit_auto_converge": True,
                    "live_migration_permit_post_copy": False,
                    "live_migration_timeout_action": "abort",
                    **(_rbd(vault) if _ceph.used(cloud) else {}),
                },
                **{name: section for name, section in own.items() if name != "DEFAULT"},
                **_oslo.messaging(),
            }
        }

    def steps(self, cloud: Cloud, vault: Vault) -> Iterable[Step]:
        yield _mapped(cloud)
        yield nova.aggregates(cloud, vault)


def _rbd(vault: Vault) -> _oslo.Options:
    return {
        "images_type": "rbd",
        "images_rbd_pool": "vms",
        "images_rbd_ceph_conf": _ceph.CONF,
        "rbd_user": "nova",
        "rbd_secret_uuid": _ceph.secret_uuid(vault, "nova"),
        "disk_cachemodes": ["network=writeback"],
        "hw_disk_discard": "unmap",
    }


def _mapped(cloud: Cloud) -> Step:
    """Nova's scheduler finds new hosts by itself once a minute; nobody need wait for that."""
    hosts = [host.name for host in cloud.services["nova-compute"].hosts]
    names = ", ".join(f"'{name}'" for name in hosts)
    mapped = f"SELECT count(*) FROM nova_api.host_mappings WHERE host IN ({names})"
    # A host registers some time after it is connected to a broker, and is found only then.
    discover = f"su -s /bin/sh {_USER} -c 'nova-manage cell_v2 discover_hosts --by-service'"
    until = f'until {discover} && mariadb -N -B -e "$1" | grep -qxF "$2"; do sleep 1; done'
    return Step(
        name="map the compute hosts into the cell",
        host=cloud.services["nova"].hosts[0].name,
        done=_database.sql("the compute hosts in the cell", mapped, str(len(hosts))),
        run=Command(
            awaits="the compute hosts to have told Nova of themselves",
            argv=("sh", "-c", until, "nines", mapped, str(len(hosts))),
            timeout=120,
        ),
    )
