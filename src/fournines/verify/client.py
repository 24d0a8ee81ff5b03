"""What round trips work with: openstacksdk, held to a deadline and to the cloud's own CA."""

from __future__ import annotations

import importlib
import logging
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from fournines.cloud.model import Cloud
from fournines.state import Vault

NAME = "fournines-verify"
"""What round trips call what they make."""
ONE_REQUEST = 15.0
"""Seconds."""
_POLL = 0.3


class TripError(Exception):
    """The cloud answered, but not with what is right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """The cloud as its administrator. One for each thread."""

    cloud: Cloud
    sdk: Any
    """An `openstack.connection.Connection`. Any: its module costs half a second, and half of it has no types."""
    http: Any
    """A `requests.Session` that trusts the cloud's CA, for what is no OpenStack API."""
    until: float
    """CLOCK_MONOTONIC; no request lasts longer."""

    def wait(self, done: Callable[[], bool], what: str) -> None:
        """Ask again until it is done. Raises TripError at the deadline."""
        while not done():
            if time.monotonic() + _POLL > self.until:
                raise TripError(f"waited in vain for {what}")
            time.sleep(_POLL)


def want(truth: object, what: str) -> None:
    """Raises TripError unless it is so."""
    if not truth:
        raise TripError(what)


def all_up(services: Iterable[Any], wanted: Iterable[tuple[str, str]]) -> str:
    """How many daemons there are in the service list of Nova or Cinder, all of them up.

    `wanted`: (binary, host) that must be among them. Raises TripError naming those that are down or missing.
    """
    listed = list(services)
    down = [f"{each.binary} on {each.host}" for each in listed if each.status == "enabled" and each.state != "up"]
    known = {(each.binary, each.host.partition("@")[0]) for each in listed}
    down += [f"{binary} on {host} (not listed)" for binary, host in wanted if (binary, host) not in known]
    want(not down, f"not up: {', '.join(down)}")
    return f"{len(listed)} daemon{'' if len(listed) == 1 else 's'} up"


def clients(cloud: Cloud, vault: Vault, until: float) -> Callable[[], Client]:
    """Makes clients that share one login."""
    import requests

    with warnings.catch_warnings():
        # What the SDK could do besides is no concern of ours.
        warnings.simplefilter("ignore")
        from keystoneauth1.identity import V3Password
        from keystoneauth1.session import Session
        from openstack.connection import Connection
    for name in ("keystoneauth", "openstack", "urllib3"):
        # What they have to say is in the errors that they raise.
        logging.getLogger(name).addHandler(logging.NullHandler())

    class Http(requests.Session):
        def request(self, *args: Any, **more: Any) -> requests.Response:
            more["timeout"] = max(0.001, min(ONE_REQUEST, until - time.monotonic()))
            return super().request(*args, **more)

    http = Http()
    # A proxy in the environment must not come between us and the VIP.
    http.trust_env = False
    http.verify = str(vault.ca_file)
    login = V3Password(
        cloud.url("keystone"),
        username="admin",
        password=vault.password("admin"),
        project_name="admin",
        user_domain_name="Default",
        project_domain_name="Default",
    )
    session = Session(auth=login, verify=str(vault.ca_file), session=http)
    return lambda: Client(
        cloud=cloud,
        sdk=Connection(session=session, region_name=cloud.region),
        http=http,
        until=until,
    )


def failures() -> tuple[type[Exception], ...]:
    """What a request raises that did not go well. Anything else is a bug."""
    import requests
    from keystoneauth1.exceptions import ClientException
    from openstack.exceptions import SDKException

    s3: Any = importlib.import_module("botocore.exceptions")
    return (
        *(TripError, ClientException, SDKException, requests.RequestException),
        *(s3.BotoCoreError, s3.ClientError, OSError),
    )
