"""libvirt on compute hosts: runs the guests' qemu processes, and moves them between hosts by TLS.

Whether KVM works is found on the host by starting a guest: see `onhost/virtualization.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fournines.cloud.model import Cloud, Host
from fournines.cloud.ports import Port
from fournines.cloud.strategies import LOCAL
from fournines.converge.resources import Absent, Directory, File, Link, Resource, Unit
from fournines.converge.steps import Check, Command
from fournines.services import Certificate, Service, _ceph
from fournines.services._render import on_host, unit
from fournines.services._tls import pem_file
from fournines.state import Vault

FOUND = "/run/fournines-found/virtualization.conf"
"""What the host was found to have, as options of nova-compute."""
UNIT = "libvirtd.service"
CEPH_USERS = ("nova", "cinder")
"""As whom guests' disks are opened: those of Nova's own pool, and volumes."""
_TLS_PORT = 16514
_MIGRATION_PORTS = (49152, 49215)
_CONSOLE_PORTS = (5900, 6899)
_PKI = "/etc/pki"
_CONF = "/etc/libvirt/libvirtd.conf"
_QEMU_CONF = "/etc/libvirt/qemu.conf"
_PROGRAM = "/usr/local/lib/fournines/virtualization.py"
_SYSTEM_UNIT = f"/etc/systemd/system/{UNIT}"


class Libvirt(Service):
    name = "libvirt"
    roles = ("compute",)
    strategies = (LOCAL,)
    ports = (
        Port(_TLS_PORT),
        Port(_MIGRATION_PORTS[0], last=_MIGRATION_PORTS[1]),
        Port(_CONSOLE_PORTS[0], last=_CONSOLE_PORTS[1]),
    )
    packages = ("libvirt-daemon-system", "libvirt-clients", "qemu-system-x86", "qemu-block-extra", "qemu-utils")
    masked = (
        "libvirt-guests.service",
        *(f"libvirtd{kind}.socket" for kind in ("", "-ro", "-admin", "-tcp", "-tls")),
    )
    log_units = (UNIT, "virtlogd.service")
    primary = "guests"

    def resources(self, cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
        # Debian's own network, with a DHCP server of its own.
        yield Absent(path="/etc/libvirt/qemu/networks/autostart/default.xml")
        yield Directory(path="/usr/local/lib/fournines")
        yield File(path=_PROGRAM, content=on_host("virtualization.py"), mode=0o755)
        reads = [_PROGRAM, _CONF, _QEMU_CONF, _SYSTEM_UNIT]
        yield File(path=_CONF, content=_settings({"listen_tls": 1, "listen_tcp": 0, "listen_addr": host.management}))
        yield File(path=_QEMU_CONF, content=_settings(_qemu(cloud, host)))
        (certificate,) = self.certificates(cloud, host)
        yield from _certificate_files(vault, certificate)
        if _ceph.used(cloud):
            yield Directory(path="/etc/libvirt/secrets", mode=0o700)
            for user in CEPH_USERS:
                files = list(_secret(vault, user))
                yield from files
                reads += [file.path for file in files]
        yield File(path=_SYSTEM_UNIT, content=_unit())
        yield Unit(name="virtlogd.socket")
        # Guests outlive its restart. qemu reads certificates at each migration, libvirtd when it starts.
        yield Unit(
            name=UNIT,
            reads=(*reads, certificate.path),
        )

    def certificates(self, cloud: Cloud, host: Host) -> tuple[Certificate, ...]:
        names = (host.management, host.name, "127.0.0.1", "localhost")
        return (Certificate(f"libvirt-{host.name}", names, f"{_PKI}/fournines.pem", _TLS_PORT),)

    def health(self, cloud: Cloud, host: Host) -> Check:
        return Command(awaits="libvirtd to answer", argv=("virsh", "-q", "list"), timeout=8)


def _secret(vault: Vault, user: str) -> Iterable[File]:
    """A key of Ceph as libvirtd finds it when it starts."""
    number = _ceph.secret_uuid(vault, user)
    definition = (
        f"<secret ephemeral='no' private='yes'><uuid>{number}</uuid>"
        f"<usage type='ceph'><name>client.{user}</name></usage></secret>\n"
    )
    base = f"/etc/libvirt/secrets/{number}"
    yield File(path=f"{base}.xml", content=definition, mode=0o600)
    yield File(path=f"{base}.base64", content=_ceph.cephx(vault, f"client.{user}"), mode=0o600, secret=True)


def _certificate_files(vault: Vault, certificate: Certificate) -> Iterable[Resource]:
    """By the names that libvirt and qemu look for: all of them lead to one file, for both ends of a connection."""
    authority = vault.ca()
    yield Directory(path=f"{_PKI}/CA")
    yield Directory(path=f"{_PKI}/libvirt")
    yield Directory(path=f"{_PKI}/libvirt/private")
    yield Directory(path=f"{_PKI}/qemu")
    yield pem_file(vault, certificate, readers="libvirt-qemu")
    yield File(path=f"{_PKI}/CA/cacert.pem", content=authority)
    yield File(path=f"{_PKI}/qemu/ca-cert.pem", content=authority)
    for end in ("server", "client"):
        for path in (f"libvirt/{end}cert", f"libvirt/private/{end}key", f"qemu/{end}-cert", f"qemu/{end}-key"):
            yield Link(path=f"{_PKI}/{path}.pem", target=certificate.path)


def _qemu(cloud: Cloud, host: Host) -> Mapping[str, str | int | list[str]]:
    """A lab's host may not make control groups or namespaces for its guests, and has no AppArmor."""
    contained: Mapping[str, str | int | list[str]] = {
        "user": "root",
        "group": "root",
        "dynamic_ownership": 0,
        "security_driver": "none",
        "cgroup_controllers": [],
        "namespaces": [],
    }
    return {
        # Many volumes of Ceph are many connections; a lab's host may not raise the limit.
        **(contained if cloud.provider == "lab" else {"max_files": 32768}),
        "migration_address": host.management,
        "migration_port_min": _MIGRATION_PORTS[0],
        "migration_port_max": _MIGRATION_PORTS[1],
        "default_tls_x509_cert_dir": f"{_PKI}/qemu",
        "default_tls_x509_verify": 1,
        "remote_display_port_min": _CONSOLE_PORTS[0],
        "remote_display_port_max": _CONSOLE_PORTS[1],
    }


def _settings(values: Mapping[str, str | int | list[str]]) -> str:
    def text(value: str | int | list[str]) -> str:
        if isinstance(value, int):
            return str(value)
        return f'"{value}"' if isinstance(value, str) else f"[{', '.join(text(each) for each in value)}]"

    return "# Written by fournines.\n" + "".join(f"{key} = {text(value)}\n" for key, value in values.items())


def _unit() -> str:
    return unit(
        "libvirt",
        unit=[
            ("After", "network.target virtlogd.socket dbus.service"),
            ("Requires", "virtlogd.socket"),
            ("StartLimitIntervalSec", "0"),
        ],
        service=[
            ("Type", "notify"),
            ("ExecStartPre", f"/usr/bin/python3 {_PROGRAM}"),
            ("ExecStart", "/usr/sbin/libvirtd --listen"),
            # Guests are its children, and live on without it.
            ("KillMode", "process"),
            ("TimeoutStartSec", "120"),
            ("Restart", "always"),
            ("RestartSec", "1"),
            ("LimitNOFILE", "65536"),
            ("LimitMEMLOCK", "infinity"),
            ("TasksMax", "32768"),
            ("OOMScoreAdjust", "-900"),
        ],
    )
