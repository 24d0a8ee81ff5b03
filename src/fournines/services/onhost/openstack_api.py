"""The first part of programs that ask OpenStack's APIs on the host: joined before them, so nothing is imported.

`request` is the JSON object on standard input; it has `keystone`, a URL, and `password`, the administrator's.
"""

import json
import sys
import urllib.error
import urllib.request
from typing import Any

request: dict[str, Any] = json.load(sys.stdin)
headers = {"Content-Type": "application/json"}


def ask(method: str, url: str, body: object = None) -> dict[str, Any]:
    data = None if body is None else json.dumps(body).encode()
    call = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - ours
    try:
        with urllib.request.urlopen(call, timeout=30) as answer:  # noqa: S310
            if token := answer.headers.get("X-Subject-Token"):
                headers["X-Auth-Token"] = token
            return json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        sys.exit(f"{method} {url}: status {error.code}: {error.read()[:300]!r}")
    except OSError as error:
        sys.exit(f"{method} {url}: {error}")


def log_in() -> None:
    domain = {"name": "Default"}
    user = {"name": "admin", "domain": domain, "password": request["password"]}
    identity = {"methods": ["password"], "password": {"user": user}}
    scope = {"project": {"name": "admin", "domain": domain}}
    ask("POST", f"{request['keystone']}/auth/tokens", {"auth": {"identity": identity, "scope": scope}})
