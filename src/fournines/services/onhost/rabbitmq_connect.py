"""A connection to this host's broker, as the health check's user (`/etc/fournines/rabbitmq-check.json`)."""

import ssl
from typing import Any

import pika


def connect(config: dict[str, Any], limit_s: float) -> pika.BlockingConnection:
    """One try. `limit_s`: until it stands, and for which the broker may block it. Raises AMQPError, OSError."""
    return pika.BlockingConnection(
        pika.ConnectionParameters(
            config["host"],
            config["port"],
            "/",
            pika.PlainCredentials(config["user"], config["password"]),
            ssl_options=pika.SSLOptions(ssl.create_default_context(cafile=config["authority"]), config["host"]),
            connection_attempts=1,
            socket_timeout=3,
            stack_timeout=limit_s,
            blocked_connection_timeout=limit_s,
        )
    )
