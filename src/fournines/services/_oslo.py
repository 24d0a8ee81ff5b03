"""What every OpenStack daemon is told alike: how it reaches the broker, Keystone and the other services."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fournines.cloud.model import Cloud
from fournines.converge.steps import Command
from fournines.services import rabbitmq
from fournines.services._render import IniValue, on_host
from fournines.state import Vault

Options = Mapping[str, IniValue]
Sections = Mapping[str, Options]
"""An oslo INI file: section -> option -> value."""

LIBRARIES = (
    "keystonemiddleware.auth_token",
    "oslo.concurrency",
    "oslo.log",
    "oslo.middleware",
    "oslo.policy",
)
"""Namespaces of options that every API takes, its own aside."""
DAEMONS = (
    *LIBRARIES,
    "oslo.db",
    "oslo.messaging",
    "oslo.reports",
    "oslo.service.periodic_task",
    "oslo.service.service",
    "oslo.service.sslutils",
    "oslo.service.wsgi",
    "oslo.versionedobjects",
)
"""Those of a service that has daemons besides."""

CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
"""Holds the cloud's own authority on every host."""
MEMCACHED = "127.0.0.1:11211"
"""The host's own and no other: a remote cache server that loses power costs its clients a 40 s tail."""


def account(service: str) -> str:
    """Name of a service user's password in the vault."""
    return f"service {service}"


def transport_url(cloud: Cloud, vault: Vault, service: str) -> str:
    """Every broker, never the VIP: a client that loses one goes on with the next. The service's own virtual host."""
    login = f"{service}:{vault.password(rabbitmq.account(service))}"
    members = (f"{login}@{host.management}:{rabbitmq.PORT}" for host in cloud.services["rabbitmq"].hosts)
    return f"rabbit://{','.join(members)}/{service}"


def hears(cloud: Cloud, units: Iterable[str]) -> Command:
    """Holds when each of these units of the host is connected to a broker: what it has of a round trip by itself."""
    return Command(
        awaits="its daemons to be connected to a broker",
        argv=("python3", "-", str(rabbitmq.PORT), *units),
        stdin=on_host("connected.py"),
        timeout=8,
    )


def messaging() -> Sections:
    """TLS and quorum queues only, short heartbeats, quick and bounded reconnects."""
    return {
        "oslo_messaging_rabbit": {
            "ssl": True,
            "ssl_ca_file": CA_BUNDLE,
            "rabbit_quorum_queue": True,
            "rabbit_transient_quorum_queue": True,
            # Names that last: a restarted daemon takes its old queues up again.
            "use_queue_manager": True,
            "rabbit_stream_fanout": False,
            "heartbeat_timeout_threshold": 10,
            "heartbeat_rate": 3,
            "kombu_reconnect_delay": 0.5,
            "rabbit_retry_interval": 1,
            "rabbit_interval_max": 3,
            "rabbit_qos_prefetch_count": 10,
        },
        "oslo_messaging_notifications": {"driver": "noop"},
    }


def login(cloud: Cloud, vault: Vault, user: str) -> Options:
    """How a service logs in at Keystone as its own user: the options of keystoneauth's password plugin."""
    return {
        "auth_type": "password",
        "auth_url": cloud.url("keystone"),
        "project_domain_name": "Default",
        "user_domain_name": "Default",
        "project_name": "service",
        "username": user,
        "password": vault.password(account(user)),
        "cafile": CA_BUNDLE,
    }


def client(cloud: Cloud, vault: Vault, user: str) -> Options:
    """A section by which a service talks to another one."""
    return {**login(cloud, vault, user), "region_name": cloud.region}


def auth_token(cloud: Cloud, vault: Vault, user: str) -> Options:
    """`[keystone_authtoken]`: how an API finds out whether a token is good."""
    return {
        **client(cloud, vault, user),
        "www_authenticate_uri": cloud.url("keystone"),
        "memcached_servers": MEMCACHED,
        "memcache_pool_dead_retry": 30,
        "memcache_pool_socket_timeout": 1,
        "service_token_roles_required": True,
        "http_connect_timeout": 3,
        "http_request_max_retries": 3,
    }
