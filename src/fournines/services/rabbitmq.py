"""RabbitMQ 4: a cluster of quorum queues; a minority pauses. Clients are given every member, never the VIP."""

from __future__ import annotations

import json
from collections.abc import Iterable

from fournines.cloud.model import Cloud, Host
from fournines.cloud.ports import Port
from fournines.cloud.strategies import QUORUM
from fournines.converge.resources import Directory, File, Resource, Unit
from fournines.converge.steps import Check, Command
from fournines.services import Options, Service
from fournines.services._render import on_host, template, unit
from fournines.state import Vault

PORT = 5672
USER = "openstack"
_CONF = "/etc/rabbitmq/rabbitmq.conf"
_ADVANCED = "/etc/rabbitmq/advanced.config"
_ENV = "/etc/rabbitmq/rabbitmq-env.conf"
_PLUGINS = "/etc/rabbitmq/enabled_plugins"
_COOKIE = "/var/lib/rabbitmq/.erlang.cookie"
_CHECK = "/etc/fournines/rabbitmq-check.json"
_CHECK_PROGRAM = "/usr/local/lib/fournines/rabbitmq_check.py"
_UNIT = "/etc/systemd/system/rabbitmq-server.service"


class RabbitmqOptions(Options):
    memory_megabytes: int = 512
    disk_free_megabytes: int = 200
    schedulers: int = 1
    """Erlang schedulers: about one a core that the broker may use."""


class Rabbitmq(Service):
    """Facts: running (list of hosts), partitions (list)."""

    name = "rabbitmq"
    strategies = (QUORUM,)
    packages = ("rabbitmq-server", "python3-pika")
    # Clients, clients with TLS, epmd, and members among themselves.
    ports = (Port(PORT), Port(5671), Port(4369), Port(25672))
    options = RabbitmqOptions
    log_units = ("rabbitmq-server.service",)

    def resources(self, cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
        placement = cloud.services[self.name]
        options = RabbitmqOptions.model_validate(placement.options)
        password = vault.password("rabbitmq openstack")
        yield File(
            path=_CONF,
            content=template(
                "rabbitmq.conf.j2", cloud=cloud, host=host, hosts=placement.hosts, options=options, password=password
            ),
            group="rabbitmq",
            mode=0o640,
            secret=True,
        )
        ticktime = round(cloud.timers.rabbit_ticktime)
        yield File(path=_ADVANCED, content=f"[{{kernel, [{{net_ticktime, {ticktime}}}]}}].\n")
        busy_wait = "+sbwt none +sbwtdcpu none +sbwtdio none"
        yield File(
            path=_ENV,
            content=f"NODENAME=rabbit@{host.name}\n"
            f'SERVER_ADDITIONAL_ERL_ARGS="+S {options.schedulers}:{options.schedulers} +A 8 {busy_wait}"\n',
        )
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
            content=json.dumps({"host": host.management, "port": PORT, "user": USER, "password": password}),
            mode=0o600,
            secret=True,
        )
        yield File(path=_CHECK_PROGRAM, content=on_host("rabbitmq_check.py"))
        yield File(path=_UNIT, content=_unit())
        yield Unit(name="rabbitmq-server.service", reads=(_CONF, _ADVANCED, _ENV, _PLUGINS, _COOKIE, _UNIT))

    def health(self, cloud: Cloud, host: Host) -> Check:
        return Command(
            awaits="RabbitMQ to confirm and return a message",
            argv=("python3", _CHECK_PROGRAM, _CHECK),
            timeout=10,
        )

    def facts(self, cloud: Cloud, host: Host) -> Command:
        return Command(
            awaits="RabbitMQ's own view",
            argv=("python3", "-", f"rabbit@{host.name}"),
            stdin=on_host("rabbitmq_facts.py"),
            timeout=15,
        )


def _unit() -> str:
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
