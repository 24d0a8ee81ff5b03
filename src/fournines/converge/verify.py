"""The last word on a deployment: what a client would do, done once through the VIP."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from urllib.parse import urlsplit

from fournines.cloud.model import Cloud
from fournines.converge.events import Event, Observer
from fournines.errors import WaitError
from fournines.state import Vault

BOUND = 60.0
"""Seconds until a token must have been issued and found valid."""
ONE_TRY = 10.0
PAUSE = 0.5


def token_round_trip(cloud: Cloud, vault: Vault, observer: Observer, bound: float = BOUND) -> float:
    """Has Keystone issue a token to the administrator and then say that it is valid; seconds of the good try.

    Tries until `bound` seconds are over. Raises WaitError with what was seen last.
    """
    began = time.monotonic()
    observer(Event("start", "verify", "a token, issued and found valid through the VIP"))
    while True:
        this_try = time.monotonic()
        try:
            _once(cloud, vault)
        except (OSError, http.client.HTTPException, _RefusedError) as error:
            seen = f"{type(error).__name__}: {error}" if not isinstance(error, _RefusedError) else str(error)
        else:
            seconds = time.monotonic() - this_try
            observer(Event("done", "verify", seconds=time.monotonic() - began))
            return seconds
        waited = time.monotonic() - began
        if waited > bound:
            observer(Event("fail", "verify", seen, seconds=waited))
            raise WaitError(
                f"no token from {cloud.url('keystone')} within {bound:g} s; last seen: {seen}",
                "see what is not well with: nines status",
            )
        observer(Event("wait", "verify", f"a token from {cloud.url('keystone')}; last seen: {seen}", seconds=waited))
        time.sleep(PAUSE)


class _RefusedError(Exception):
    """Keystone answered, but not with what was wanted."""


def _once(cloud: Cloud, vault: Vault) -> None:
    url = urlsplit(cloud.url("keystone"))
    # Not urllib: a proxy in the environment must not come between us and the VIP.
    connection = http.client.HTTPSConnection(
        url.hostname or "",
        url.port,
        timeout=ONE_TRY,
        context=ssl.create_default_context(cafile=str(vault.ca_file)),
    )
    domain = {"name": "Default"}
    user = {"name": "admin", "domain": domain, "password": vault.password("admin")}
    body = {
        "auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"name": "admin", "domain": domain}},
        }
    }
    path = f"{url.path}/auth/tokens"
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        token = answer.getheader("X-Subject-Token")
        if answer.status != 201 or not token:
            raise _RefusedError(f"status {answer.status} to a login: {text[:200].decode('utf-8', 'replace')}")
        # Fresh: the VIP may give it to another Keystone, which must know the key.
        connection.close()
        connection.request("GET", path, headers={"X-Auth-Token": token, "X-Subject-Token": token})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise _RefusedError(f"status {answer.status} to the question whether a new token is valid")
    finally:
        connection.close()
