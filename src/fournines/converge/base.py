"""What every host of a cloud has, before any service: names, kernel settings, trust in the cloud's own authority, and
a firewall.
"""

from __future__ import annotations

from fournines.cloud.model import Cloud
from fournines.converge import firewall
from fournines.converge.resources import Directory, File, Package, Resource, Sysctl
from fournines.converge.steps import Command, HostPart, Stage, Step
from fournines.services._tls import authority_file
from fournines.state import Vault

NAME = "base"
PACKAGES = ("ca-certificates", "openssl", "python3", *firewall.PACKAGES)

_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
_IN_BUNDLE = f"import sys; sys.exit(sys.stdin.read().strip() not in open({_BUNDLE!r}).read())"


def stage(cloud: Cloud, vault: Vault) -> Stage:
    """The stage before all others, on every host."""
    certificate = vault.ca()
    resources: tuple[Resource, ...] = (
        *(Package(name=name) for name in PACKAGES),
        Directory(path="/etc/fournines"),
        Directory(path="/var/lib/fournines"),
        File(path="/etc/hosts", content=hosts_file(cloud)),
        # 15 retries keep a connection to a VIP that has moved for a quarter of an hour; 6 for about 13 s.
        Sysctl(key="net.ipv4.tcp_retries2", value="6"),
        # A client that is gone without a word, or whose last word was lost, holds its transaction's locks for as long
        # as the database takes it for alive: not two hours, but 13 s.
        Sysctl(key="net.ipv4.tcp_keepalive_time", value="5"),
        Sysctl(key="net.ipv4.tcp_keepalive_intvl", value="2"),
        Sysctl(key="net.ipv4.tcp_keepalive_probes", value="4"),
        File(path=authority_file(cloud), content=certificate),
    )
    return Stage(
        name=NAME,
        after=(),
        parts=tuple(
            HostPart(host=host.name, resources=(*resources, *firewall.resources(cloud, host)), health=None)
            for host in cloud.hosts
        ),
        steps=(
            *(_trust(host.name, certificate) for host in cloud.hosts),
            *(firewall.loaded(cloud, host) for host in cloud.hosts),
        ),
    )


def hosts_file(cloud: Cloud) -> str:
    """/etc/hosts: all hosts by their management address. The whole file is ours."""
    lines = ["# Written by fournines.", "127.0.0.1 localhost", "::1 localhost ip6-localhost ip6-loopback"]
    lines += [f"{host.management} {host.name}" for host in cloud.hosts]
    return "\n".join(lines) + "\n"


def _trust(host: str, certificate: str) -> Step:
    """The bundle is built from files by a program: so a step, and its check compares the bundle itself, which
    also sees an authority that was made anew."""
    return Step(
        name="trust the cloud's certificate authority",
        host=host,
        done=Command(
            awaits=f"the authority to be in {_BUNDLE}",
            argv=("python3", "-ISc", _IN_BUNDLE),
            stdin=certificate,
        ),
        run=Command(
            awaits="the bundle to be built",
            # It renews the links only for names that are new; those of an authority that was replaced are ours
            # to renew. `--fresh` does too, for twice the time (2.1 instead of 1.2 s of CPU).
            argv=("sh", "-c", "update-ca-certificates && openssl rehash /etc/ssl/certs"),
            timeout=120,
        ),
        bound=5,
    )
