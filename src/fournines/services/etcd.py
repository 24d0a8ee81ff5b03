"""etcd: a small store that a majority agrees on, for locks and leases of other services (cinder's coordination).

Members and clients both show certificates of the cloud's authority; a member's has a name in it that no other one
has. Clients' are not told apart: the HTTP gateway that tooz speaks to cannot connect to its own member when they are
(`client-cert-allowed-hostname`, etcd 3.5.16). tooz knows one address only, so clients go through `haproxy_local` on
their own host, which passes TLS on to a member that serves.

How a service becomes a client: it needs what is in `NEEDS`, installs `CLIENT_PACKAGES`, has its user in the group
`GROUP` (`User(name="cinder", groups=(etcd.GROUP,))`), which may read the client's certificate, and takes
`tooz_url(cloud)` as its `backend_url`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

from fournines.cloud.model import Cloud, Host, Needs
from fournines.cloud.ports import Port, Proxy
from fournines.cloud.strategies import QUORUM_PROXIED
from fournines.converge.resources import Absent, Directory, File, Resource, Unit, User
from fournines.converge.steps import Check, Command, Http
from fournines.services import Certificate, Options, Said, Service, Trial
from fournines.services._render import on_host, unit
from fournines.services._tls import authority_file, pem_file
from fournines.state import Vault

PORT = 2379
PEER_PORT = 2380
HEALTH_PORT = 2381
GROUP = "fournines-etcd"
NEEDS = (Needs("etcd", "majority"), Needs("haproxy-local", "local"))
CLIENT_PACKAGES = ("python3-tooz", "python3-etcd3gw")
CLIENT_FILE = "/etc/fournines/etcd-client.pem"
"""Certificate and key of every client on the host, together: never one with the other's former half."""
_ENV = "/etc/etcd/fournines.env"
_CERTIFICATE = "/etc/etcd/member.pem"
_UNIT = "/etc/systemd/system/etcd.service"
_MEMBER_NAME = "member.etcd.fournines"


class EtcdOptions(Options):
    quota_megabytes: int = 256
    """Size of the store beyond which it takes no more writes; locks and leases take almost nothing."""
    history_minutes: int = 60
    """How long former values are kept."""


class Etcd(Service):
    """Facts: members (list of hosts), leader (host, or null), term, megabytes (of its store), errors (list)."""

    name = "etcd"
    strategies = (QUORUM_PROXIED,)
    proxy = Proxy(PORT, check_port=HEALTH_PORT, check="/health")
    ports = (Port(PEER_PORT),)
    packages = ("etcd-server", "etcd-client")
    options = EtcdOptions
    log_units = ("etcd.service",)

    def resources(self, cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
        options = EtcdOptions.model_validate(cloud.services[self.name].options)
        yield User(name="etcd", groups=(GROUP,))
        yield Directory(path="/etc/etcd")
        member, client = self.certificates(cloud, host)
        yield pem_file(vault, member, owner="etcd")
        yield File(path=_ENV, content="".join(f"ETCD_{key}={value}\n" for key, value in _env(cloud, host, options)))
        # The second name of Debian's unit would keep ours from being enabled.
        yield Absent(path="/etc/systemd/system/etcd2.service")
        yield File(path=_UNIT, content=_unit())
        yield Directory(path="/etc/fournines")
        yield pem_file(vault, client, readers=GROUP)
        # It reads its certificate again for each connection, and so do its clients.
        yield Unit(name="etcd.service", reads=(_ENV, _UNIT))

    def certificates(self, cloud: Cloud, host: Host) -> tuple[Certificate, Certificate]:
        names = (host.management, host.name, "127.0.0.1", "localhost", _MEMBER_NAME)
        return (
            Certificate(f"etcd-{host.name}", names, _CERTIFICATE, PORT),
            Certificate("etcd-client", ("client.etcd.fournines",), CLIENT_FILE, None),
        )

    def health(self, cloud: Cloud, host: Host) -> Check:
        # It reads with the majority's consent: a member that has lost its peers is not healthy.
        return Http(awaits="its etcd member to serve", url=f"http://{host.management}:{HEALTH_PORT}/health", timeout=8)

    def facts(self, cloud: Cloud, host: Host) -> Command:
        return Command(
            awaits="etcd's own view",
            argv=("python3", "-", f"https://{host.management}:{PORT}", authority_file(cloud), CLIENT_FILE),
            stdin=on_host("etcd_facts.py"),
            timeout=6,
        )

    def trial(self, cloud: Cloud, host: Host) -> Trial:
        return Trial(
            Command(
                awaits="etcd to take a write",
                argv=("python3", "-", f"https://{host.management}:{PORT}", authority_file(cloud), CLIENT_FILE),
                stdin=on_host("etcd_trial.py"),
            )
        )

    def quorum(self, said: Said) -> tuple[int, str]:
        """Members that follow one leader."""
        following: dict[str, int] = {}
        for facts in said.values():
            if facts.get("leader"):
                following[str(facts["leader"])] = following.get(str(facts["leader"]), 0) + 1
        if not following:
            return 0, "no leader"
        leader = max(following, key=lambda name: following[name])
        return following[leader], f"{following[leader]} of {len(said)} follow {leader}"


def tooz_url(cloud: Cloud) -> str:
    """The `backend_url` of a tooz client on any host of the cloud's controllers.

    A request waits out an election. One that had reached a leader who then died never gets an answer: it fails after
    `timeout`, and the next one is served. A lock outlives its dead owner by 30 s.
    """
    options = {
        "api_version": "v3",
        "ca_cert": authority_file(cloud),
        "cert_cert": CLIENT_FILE,
        "cert_key": CLIENT_FILE,
        "timeout": round(2 * cloud.timers.etcd_election + 2),
        "lock_timeout": 30,
    }
    return f"etcd3+https://127.0.0.1:{PORT}?{urlencode(options, safe='/')}"


def _env(cloud: Cloud, host: Host, options: EtcdOptions) -> Iterable[tuple[str, str | int]]:
    """etcd's own names of its options, without their prefix."""
    hosts = cloud.services["etcd"].hosts
    yield "NAME", host.name
    yield "DATA_DIR", "/var/lib/etcd/fournines"
    yield "INITIAL_CLUSTER", ",".join(f"{other.name}=https://{other.management}:{PEER_PORT}" for other in hosts)
    yield "INITIAL_CLUSTER_STATE", "new"
    yield "INITIAL_CLUSTER_TOKEN", cloud.name
    for kind, port in (("PEER", PEER_PORT), ("CLIENT", PORT)):
        yield f"LISTEN_{kind}_URLS", f"https://{host.management}:{port}"
    yield "INITIAL_ADVERTISE_PEER_URLS", f"https://{host.management}:{PEER_PORT}"
    yield "ADVERTISE_CLIENT_URLS", f"https://{host.management}:{PORT}"
    yield "LISTEN_METRICS_URLS", f"http://{host.management}:{HEALTH_PORT}"
    yield from _tls(cloud).items()
    yield "HEARTBEAT_INTERVAL", round(cloud.timers.etcd_heartbeat * 1000)
    yield "ELECTION_TIMEOUT", round(cloud.timers.etcd_election * 1000)
    yield "QUOTA_BACKEND_BYTES", options.quota_megabytes * 1024 * 1024
    yield "AUTO_COMPACTION_MODE", "periodic"
    yield "AUTO_COMPACTION_RETENTION", f"{options.history_minutes}m"
    # Entries kept in memory for a member that was away; its default of 100 000 is for large clusters.
    yield "SNAPSHOT_COUNT", 10_000
    yield "LOGGER", "zap"
    yield "LOG_OUTPUTS", "stderr"
    yield "LOG_LEVEL", "warn"


def _tls(cloud: Cloud) -> Mapping[str, str]:
    return {
        "CERT_FILE": _CERTIFICATE,
        "KEY_FILE": _CERTIFICATE,
        "TRUSTED_CA_FILE": authority_file(cloud),
        "CLIENT_CERT_AUTH": "true",
        "PEER_CERT_FILE": _CERTIFICATE,
        "PEER_KEY_FILE": _CERTIFICATE,
        "PEER_TRUSTED_CA_FILE": authority_file(cloud),
        "PEER_CLIENT_CERT_AUTH": "true",
        "PEER_CERT_ALLOWED_HOSTNAME": _MEMBER_NAME,
        "TLS_MIN_VERSION": "TLS1.2",
    }


def _unit() -> str:
    return unit(
        "etcd",
        unit=[("After", "network.target"), ("StartLimitIntervalSec", "0")],
        service=[
            ("Type", "notify"),
            ("User", "etcd"),
            ("Group", "etcd"),
            ("EnvironmentFile", _ENV),
            ("ExecStart", "/usr/bin/etcd"),
            # It is ready once a majority is there; those who wait for it bound the wait.
            ("TimeoutStartSec", "infinity"),
            ("TimeoutStopSec", "20"),
            ("Restart", "always"),
            ("RestartSec", "1"),
            ("LimitNOFILE", "65536"),
            ("OOMScoreAdjust", "-600"),
        ],
    )
