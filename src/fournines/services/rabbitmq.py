"""RabbitMQ 4: a cluster of quorum queues; a minority pauses. Clients are given every member, never the VIP."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from typing import Literal

from fournines.cloud.columns import Letter
from fournines.cloud.model import Cloud, Failover, Host
from fournines.cloud.ports import Port
from fournines.cloud.strategies import EXTERNAL, QUORUM, SHARED_DISK
from fournines.converge.resources import Directory, File, Resource, Unit
from fournines.converge.steps import Check, Command
from fournines.services import Certificate, Options, Said, Service, Trial, catalogue
from fournines.services._render import on_host, template, unit
from fournines.services._tls import authority_file, pem_file
from fournines.state import Vault

PORT = 5671
"""TLS; there is no plain listener."""
_PROBE = "nines"
_CONF = "/etc/rabbitmq/rabbitmq.conf"
_DEFINITIONS = "/etc/rabbitmq/definitions.json"
_ADVANCED = "/etc/rabbitmq/advanced.config"
_ENV = "/etc/rabbitmq/rabbitmq-env.conf"
_PLUGINS = "/etc/rabbitmq/enabled_plugins"
_COOKIE = "/var/lib/rabbitmq/.erlang.cookie"
_PEM = "/etc/rabbitmq/tls/member.pem"
_DISTRIBUTION = "/etc/rabbitmq/distribution.config"
_EPMD = "/etc/systemd/system/epmd.socket.d/fournines.conf"
_BROKER = "/usr/local/lib/fournines/rabbitmq_broker.py"
_CHECK = "/etc/fournines/rabbitmq-check.json"
_CONNECT = "rabbitmq_connect.py"
_CHECK_PROGRAM = "/usr/local/lib/fournines/rabbitmq_check.py"
_UNIT = "/etc/systemd/system/rabbitmq-server.service"
REGROWN_S = 60
"""How often each broker looks for queues that lack a member, and gives them one."""


class RabbitmqOptions(Options):
    memory_megabytes: int = 512
    disk_free_megabytes: int = 200
    disk: Literal["drbd", "shared"] = "drbd"
    """Of the strategy active-backup: a disk that the hosts copy to each other, or one that both reach."""
    schedulers: int = 1
    """Erlang schedulers: about one a core that the broker may use."""


class Rabbitmq(Service):
    """Facts: running (list of hosts), partitions (list)."""

    name = "rabbitmq"
    strategies = (QUORUM,)
    designs = (SHARED_DISK, EXTERNAL)
    failover = Failover("bus_failover", of="each")
    packages = ("rabbitmq-server", "python3-pika")
    # Clients, epmd, and members among themselves.
    ports = (Port(PORT), Port(4369), Port(25672))
    options = RabbitmqOptions
    log_units = ("rabbitmq-server.service",)

    def fault_class(self, unit: str) -> Letter:
        return "E"

    def resources(self, cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
        placement = cloud.services[self.name]
        options = RabbitmqOptions.model_validate(placement.options)
        yield File(
            path=_CONF,
            content=template(
                "rabbitmq.conf.j2",
                cloud=cloud,
                host=host,
                hosts=placement.hosts,
                options=options,
                definitions=_DEFINITIONS,
                port=PORT,
                regrown_ms=REGROWN_S * 1000,
                authority=authority_file(cloud),
                pem=_PEM,
            ),
        )
        yield File(path=_DEFINITIONS, content=_definitions(cloud, vault), group="rabbitmq", mode=0o640, secret=True)
        yield Directory(path="/etc/rabbitmq/tls", owner="rabbitmq", group="rabbitmq", mode=0o700)
        for certificate in self.certificates(cloud, host):
            yield pem_file(vault, certificate, owner="rabbitmq")
        yield File(path=_DISTRIBUTION, content=_distribution(authority_file(cloud)))
        ticktime = round(cloud.timers.rabbit_ticktime)
        yield File(path=_ADVANCED, content=f"[{{kernel, [{{net_ticktime, {ticktime}}}]}}].\n")
        yield File(path=_ENV, content=_environment(host, options))
        yield File(path=_PLUGINS, content="[].\n")
        yield File(
            path=_COOKIE,
            content=vault.password("erlang cookie"),
            owner="rabbitmq",
            group="rabbitmq",
            mode=0o400,
            secret=True,
        )
        yield Directory(path="/etc/fournines")
        yield Directory(path="/usr/local/lib/fournines")
        yield File(
            path=_CHECK,
            content=json.dumps(
                {
                    "name": host.name,
                    "members": [other.name for other in placement.hosts],
                    "host": host.management,
                    "port": PORT,
                    "user": _PROBE,
                    "password": vault.password(account(_PROBE)),
                    "authority": authority_file(cloud),
                }
            ),
            mode=0o600,
            secret=True,
        )
        yield File(path=_CHECK_PROGRAM, content=on_host("rabbitmq_check.py", after=_CONNECT))
        yield File(path=_BROKER, content=on_host("rabbitmq_broker.py"))
        yield File(path=_UNIT, content=_unit(host))
        yield Directory(path="/etc/systemd/system/epmd.socket.d")
        yield File(path=_EPMD, content=_epmd(host))
        yield Unit(name="epmd.socket", reads=(_EPMD,))
        yield Unit(
            name="rabbitmq-server.service",
            reads=(_CONF, _DEFINITIONS, _ADVANCED, _ENV, _PLUGINS, _COOKIE, _DISTRIBUTION, _UNIT),
            reload_reads=(_PEM,),
        )

    def certificates(self, cloud: Cloud, host: Host) -> Iterable[Certificate]:
        yield Certificate(f"rabbitmq-{host.name}", (host.management, host.name), _PEM, PORT)

    def health(self, cloud: Cloud, host: Host) -> Check:
        return Command(
            awaits="RabbitMQ to confirm and return a message",
            argv=("python3", _CHECK_PROGRAM, _CHECK),
            timeout=10,
        )

    def facts(self, cloud: Cloud, host: Host) -> Command:
        return Command(
            awaits="RabbitMQ's own view",
            argv=("python3", _BROKER, "facts", f"rabbit@{host.name}"),
            timeout=15,
        )

    def trial(self, cloud: Cloud, host: Host) -> Trial:
        program = on_host("rabbitmq_trial.py", after=_CONNECT)
        return Trial(
            Command(awaits="RabbitMQ to confirm a message", argv=("python3", "-", _CHECK), stdin=program),
        )

    def quorum(self, said: Said) -> tuple[int, str]:
        """Brokers that the best-placed member sees running."""
        if any(facts.get("partitions") for facts in said.values()):
            return 0, "a partition"
        clusters = {tuple(facts["running"]) for facts in said.values() if facts.get("running")}
        if any(set(one).isdisjoint(other) for one in clusters for other in clusters):
            return 0, f"{len(clusters)} clusters: {' and '.join(', '.join(each) for each in sorted(clusters))}"
        running = max([len(facts.get("running") or []) for facts in said.values()], default=0)
        return running, f"{running} of {len(said)} running"


def queues(host: str) -> Command:
    """All quorum queues and all alarms, as the broker on that host sees them; `QUEUES` in `onhost/rabbitmq_broker.py`
    says how. Sent whole: a cloud that was built by an earlier version answers too."""
    return Command(
        awaits="all queues",
        argv=("python3", "-", "queues", f"rabbit@{host}"),
        stdin=on_host("rabbitmq_broker.py"),
        timeout=30,
    )


def account(service: str) -> str:
    """Name of a service's password in the vault; user and virtual host have the service's name."""
    return f"rabbitmq {service}"


def _definitions(cloud: Cloud, vault: Vault) -> str:
    """Users and virtual hosts, as each broker takes them in when it starts: one a service, and `/` for our check."""
    needing = [name for name, each in cloud.services.items() if any(need.target == "rabbitmq" for need in each.needs)]
    clients = {catalogue()[name].part_of or name for name in needing}
    places = {_PROBE: "/", **{name: name for name in sorted(clients)}}
    everything = dict.fromkeys(("configure", "write", "read"), ".*")
    return (
        json.dumps(
            {
                "users": [
                    {
                        "name": user,
                        "password_hash": _hash(vault.password(account(user))),
                        "hashing_algorithm": "rabbit_password_hashing_sha256",
                        "tags": [],
                        "limits": {},
                    }
                    for user in places
                ],
                "vhosts": [{"name": place, "default_queue_type": "quorum"} for place in places.values()],
                "permissions": [{"user": user, "vhost": place, **everything} for user, place in places.items()],
            },
            indent=1,
        )
        + "\n"
    )


def _hash(password: str) -> str:
    """RabbitMQ's: four bytes of salt, then SHA-256 of salt and password. The salt follows from the password, so that
    the file is the same each time."""
    salt = hashlib.sha256(b"salt " + password.encode()).digest()[:4]
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def _distribution(authority: str) -> str:
    """TLS between brokers: each shows a certificate of the cloud's authority and asks the other for one."""
    both = f'{{cacertfile, "{authority}"}}, {{certfile, "{_PEM}"}}, {{keyfile, "{_PEM}"}}, {{verify, verify_peer}}'
    return f"[{{server, [{both}, {{fail_if_no_peer_cert, true}}]}},\n {{client, [{both}]}}].\n"


def _environment(host: Host, options: RabbitmqOptions) -> str:
    distribution = f"-proto_dist inet_tls -ssl_dist_optfile {_DISTRIBUTION}"
    interface = host.management.replace(".", ",")
    busy_wait = "+sbwt none +sbwtdcpu none +sbwtdio none"
    return (
        f"NODENAME=rabbit@{host.name}\n"
        f'SERVER_ADDITIONAL_ERL_ARGS="+S {options.schedulers}:{options.schedulers} +A 8 {busy_wait} {distribution} '
        f'-kernel inet_dist_use_interface {{{interface}}}"\n'
        f'CTL_ERL_ARGS="{distribution}"\n'
    )


def _epmd(host: Host) -> str:
    # Brokers ask it on the management network, its own broker on the loopback.
    return f"[Socket]\nListenStream=\nListenStream=127.0.0.1:4369\nListenStream={host.management}:4369\nFreeBind=true\n"


def _unit(host: Host) -> str:
    return unit(
        "RabbitMQ",
        unit=[("After", "network.target epmd.socket"), ("Wants", "epmd.socket"), ("StartLimitIntervalSec", "0")],
        service=[
            ("Type", "notify"),
            ("NotifyAccess", "all"),
            ("User", "rabbitmq"),
            ("Group", "rabbitmq"),
            ("UMask", "0027"),
            ("WorkingDirectory", "/var/lib/rabbitmq"),
            ("ExecStart", "/usr/lib/rabbitmq/bin/rabbitmq-server"),
            ("ExecReload", f"/usr/bin/python3 {_BROKER} reload rabbit@{host.name}"),
            # A member waits for its peers' tables after a blackout; those who wait for it bound the wait.
            ("TimeoutStartSec", "infinity"),
            ("TimeoutStopSec", "60"),
            # The Erlang VM ends by itself on SIGTERM in good order, without the price of a second VM for rabbitmqctl.
            ("SuccessExitStatus", "143 69"),
            ("Restart", "always"),
            ("RestartSec", "2"),
            ("LimitNOFILE", "65536"),
            ("OOMScoreAdjust", "-500"),
        ],
    )
