"""RADOS Gateway: S3 and Swift on Ceph, on every storage host behind the VIP. Users are Keystone's, their S3 keys its
EC2 credentials.

A gateway keeps nothing: all that it knows lies in its pools, made ahead of it, so that it may read the cluster's maps
and touch no pool but those. Keystone answers for an S3 key (`/v3/s3tokens`) to administrators and services alone; the
gateway's own user is both in its project. What Keystone said of a key holds for five minutes, of a token until its end.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from fournines.cloud.model import Cloud, Endpoint, Host, Needs
from fournines.cloud.strategies import ACTIVE_ACTIVE, EXTERNAL
from fournines.converge.resources import File, Resource, Unit
from fournines.converge.steps import Check, Command, Http, Step
from fournines.services import Options, Service, _ceph
from fournines.services._oslo import account
from fournines.services._render import ini, on_host, unit
from fournines.services._uwsgi import DRAIN, drain_program
from fournines.state import Vault

PORT = 7480
_CONF = "/etc/ceph/radosgw.conf"
_PASSWORD = "/etc/ceph/radosgw.keystone"  # noqa: S105 - where it lies
UNIT = "ceph-radosgw.service"
_UNIT = f"/etc/systemd/system/{UNIT}"
_SOCKET = "/run/ceph/radosgw.asok"
_POOLS = (
    *(_ceph.Pool(name, "rgw", share=0.5) for name in (".rgw.root", "default.rgw.log", "default.rgw.control")),
    *(_ceph.Pool(f"default.rgw.{name}", "rgw", share=0.5) for name in ("meta", "otp", "buckets.non-ec")),
    _ceph.Pool("default.rgw.buckets.index", "rgw"),
    _ceph.Pool("default.rgw.buckets.data", "rgw", share=4),
)
_LAB_THREADS, _THREADS = 64, 512


class RadosgwOptions(Options):
    threads: int | None = Field(default=None, ge=16)
    """Of a gateway. Default 512; 64 in a lab."""
    requests: int = Field(default=1024, ge=16)
    """Taken at a time by one gateway."""


class Radosgw(Service):
    """Facts: requests (since its start), failed (of those), active (being served now)."""

    name = "radosgw"
    roles = ("storage",)
    strategies = (ACTIVE_ACTIVE,)
    designs = (EXTERNAL,)
    needs = (Needs("ceph-osd", "all-but-one", optional=True), Needs("haproxy", "any"), Needs("keystone", "any"))
    endpoints = (
        Endpoint(
            "radosgw",
            PORT,
            "/swift/v1/AUTH_%(project_id)s",
            "object-store",
            also=(("s3", ""),),
            published=8080,
            # It answers this without asking Ceph, and so may be asked often: a dead one is out within two seconds.
            check="/swift/healthcheck",
            check_every_s=0.5,
            # Parts of a large object are put together in silence.
            idle_s=300,
            # Its clients keep pools, and send again.
            keep_alive=True,
        ),
    )
    packages = ("radosgw", *_ceph.CLIENT_PACKAGES)
    options = RadosgwOptions
    # Made of an old script for init, on every host that has the package.
    masked = ("radosgw.service",)
    log_units = (UNIT,)

    def resources(self, cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
        yield from _ceph.client_files(cloud, host, vault, _user(host), "ceph")
        yield File(path=_CONF, content=_conf(cloud, host, vault, self._options(cloud)))
        password = vault.password(account(self.name))
        yield File(path=_PASSWORD, content=password, group="ceph", mode=0o640, secret=True)
        yield from drain_program()
        yield File(path=_UNIT, content=_unit(host))
        yield Unit(name=UNIT, reads=(_CONF, _PASSWORD, _ceph.keyring_path(_user(host)), _UNIT))

    def capacity(self, cloud: Cloud, endpoint: str) -> int:
        return self._options(cloud).requests

    def health(self, cloud: Cloud, host: Host) -> Check:
        # The buckets of a key that nobody has: it must ask Keystone, and then Ceph, to say so. That the signature is
        # wrong it says of every key when Keystone does not accept the gateway's own token, which it keeps as it is.
        nobody = "AWSAccessKeyId=nobody&Expires=4102444800&Signature=none"
        url = f"http://{host.management}:{PORT}/?{nobody}"
        # Keystone is slow where cores are few, and a connection to it that hangs is given up after 10 s.
        awaits = "the gateway to ask Keystone and Ceph"
        return Http(awaits=awaits, url=url, status=(403,), says="InvalidAccessKeyId", timeout=15)

    def facts(self, cloud: Cloud, host: Host) -> Command:
        return Command(
            awaits="the gateway's own view",
            argv=("python3", "-", _SOCKET),
            stdin=on_host("radosgw_facts.py", after="ceph_ask.py"),
            timeout=7,
        )

    def steps(self, cloud: Cloud, vault: Vault) -> Iterable[Step]:
        hosts = cloud.services[self.name].hosts
        caps = {"mon": "allow r", "mgr": "allow r", "osd": "allow rwx tag rgw *=*"}
        users = {f"client.{_user(host)}": caps for host in hosts}
        yield _ceph.provide(cloud, vault, self.name, pools=_POOLS, users=users)
        yield _zone(hosts[0])

    def _options(self, cloud: Cloud) -> RadosgwOptions:
        return RadosgwOptions.model_validate(cloud.services[self.name].options)


def _user(host: Host) -> str:
    """Its name in Ceph, without `client.`."""
    return f"rgw.{host.name}"


def _conf(cloud: Cloud, host: Host, vault: Vault, options: RadosgwOptions) -> str:
    """The host's ceph.conf and more, apart from that one: it has one content a host, whoever reads it."""
    lab = cloud.provider == "lab"
    own = {
        "keyring": _ceph.keyring_path(_user(host)),
        "admin_socket": _SOCKET,
        "log_to_stderr": True,
        # Else each request and check of the load balancer is two lines in the journal.
        "debug_rgw": "0/5",
        "debug_rgw_access": "0/5",
        "rgw_frontends": f"beast endpoint={host.management}:{PORT}",
        "rgw_thread_pool_size": options.threads or (_LAB_THREADS if lab else _THREADS),
        "rgw_max_concurrent_requests": options.requests,
        "rgw_enable_apis": "s3, swift",
        # HAProxy says by which protocol, and for whom, a request came.
        "rgw_trust_forwarded_https": True,
        "rgw_remote_addr_param": "HTTP_X_FORWARDED_FOR",
        "rgw_keystone_url": cloud.url("keystone").removesuffix("/v3"),
        "rgw_keystone_api_version": 3,
        "rgw_keystone_admin_user": "radosgw",
        "rgw_keystone_admin_password_path": _PASSWORD,
        "rgw_keystone_admin_domain": "Default",
        "rgw_keystone_admin_project": "service",
        "rgw_keystone_verify_ssl": True,
        # Not `reader`: this version knows no role that may only read.
        "rgw_keystone_accepted_roles": "admin, member",
        "rgw_keystone_token_cache_size": 1000 if lab else 10_000,
        # Each project has names of buckets of its own.
        "rgw_keystone_implicit_tenants": True,
        "rgw_s3_auth_use_keystone": True,
        "rgw_swift_account_in_url": True,
        "rgw_swift_versioning_enabled": True,
        # A Keystone that says nothing more, as while the VIP moves, is given up after this and not after 300 s.
        "rgw_curl_low_speed_time": 10,
    }
    return f"{_ceph.host_conf(cloud, host, vault)}\n{ini({f'client.{_user(host)}': own})}"


def _unit(host: Host) -> str:
    where = f"{host.management}:{PORT}"
    drain = f"/usr/bin/python3 {DRAIN}"
    return unit(
        "RADOS Gateway",
        unit=[("After", "network-online.target"), ("StartLimitIntervalSec", "0")],
        service=[
            ("Type", "exec"),
            ("Environment", "TCMALLOC_MAX_TOTAL_THREAD_CACHE_BYTES=33554432"),
            _ceph.SOCKETS,
            ("ExecStartPre", f"{drain} close {where}"),
            (
                "ExecStart",
                f"/usr/bin/radosgw -f --cluster ceph --conf {_CONF} --name client.{_user(host)}"
                " --setuser ceph --setgroup ceph",
            ),
            ("ExecStartPost", f"{drain} open {where}"),
            # It ends requests in their middle by itself.
            ("ExecStop", f"{drain} drain {where}"),
            ("LimitNOFILE", "1048576"),
            ("TasksMax", "infinity"),
            ("PrivateTmp", "true"),
            ("ProtectHome", "true"),
            ("ProtectSystem", "full"),
            ("TimeoutStartSec", "120"),
            # Each for itself: draining, which bounds itself, and then ending.
            ("TimeoutStopSec", "40"),
            ("KillMode", "mixed"),
            ("Restart", "always"),
            ("RestartSec", "500ms"),
        ],
    )


def _zone(host: Host) -> Step:
    """The zone that gateways make when there is none: two at a time might make two."""
    # Without the daemon's socket, which they would take for their own.
    who = ("--conf", _CONF, "--name", f"client.{_user(host)}", "--admin_socket=")
    return Step(
        name="make the gateways' zone",
        host=host.name,
        when="before",
        done=Command(
            awaits="the gateways' zone",
            argv=("rados", *who, "--client_mount_timeout=5", "--pool", ".rgw.root", "stat", "zonegroups_names.default"),
        ),
        run=Command(awaits="", argv=("radosgw-admin", *who, "metadata", "list", "user"), timeout=120),
    )
