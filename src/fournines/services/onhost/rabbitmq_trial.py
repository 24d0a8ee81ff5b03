"""Publishes a message on this host's broker, and prints what came of it, as `fournines.services.Trial` says.

    rabbitmq_trial.py /etc/fournines/rabbitmq-check.json

Into the quorum queue of the health check (`rabbitmq_check.py`), which takes out whatever it finds there.
"""

import json
import signal
import ssl
import sys
from typing import Any

import pika.exceptions

from fournines.services.onhost.rabbitmq_connect import connect

LIMIT_S = 4
"""Until it must be confirmed; pika itself would wait for ever."""
STRANGE = (
    pika.exceptions.UnroutableError,
    pika.exceptions.ProbableAuthenticationError,
    pika.exceptions.ProbableAccessDeniedError,
)
"""These say nothing about whether it would accept a message."""


def publish(config: dict[str, Any]) -> None:
    """Returns when it is confirmed."""
    channel = connect(config, LIMIT_S).channel()
    channel.confirm_delivery()
    channel.basic_publish("", f"fournines.check.{config['host']}", b"trial", mandatory=True)


def expired(number: int, frame: object) -> None:
    raise TimeoutError(f"not confirmed within {LIMIT_S} s")


def untrusted(error: BaseException) -> bool:
    """Whether its certificate was the reason, however deep pika has wrapped that."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return True
    inner = [*error.args, *getattr(error, "exceptions", ()), getattr(error, "exception", None)]
    return any(untrusted(each) for each in inner if isinstance(each, BaseException))


def main() -> int:
    with open(sys.argv[1], encoding="utf-8") as file:
        config = json.load(file)
    signal.signal(signal.SIGALRM, expired)
    signal.alarm(LIMIT_S)
    accepted: bool | None
    try:
        publish(config)
        signal.alarm(0)
        accepted, seen = True, "confirmed"
    except STRANGE as error:
        accepted, seen = None, f"{type(error).__name__}: {error}"
    except (pika.exceptions.AMQPError, OSError) as error:
        accepted, seen = None if untrusted(error) else False, repr(error)
    print(json.dumps({"accepted": accepted, "seen": seen[:200]}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
