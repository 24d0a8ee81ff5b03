"""Enters services, their users and endpoints in Keystone; what is there already and right stays as it is.

    keystone_catalog.py < {url, password, region, services: [{user, password, name, type, url}]}

Passwords are set again each time: a user that exists may have another one.
"""

import json
import sys
import urllib.error
import urllib.request
from typing import Any

request: dict[str, Any] = json.load(sys.stdin)
ADMIN = {"name": "admin", "domain": {"name": "Default"}, "password": request["password"]}
LOGIN = {
    "auth": {
        "identity": {"methods": ["password"], "password": {"user": ADMIN}},
        "scope": {"project": {"name": "admin", "domain": {"name": "Default"}}},
    }
}
headers = {"Content-Type": "application/json"}


def ask(method: str, path: str, body: object = None) -> dict[str, Any]:
    data = None if body is None else json.dumps(body).encode()
    call = urllib.request.Request(request["url"] + path, data, headers, method=method)  # noqa: S310 - ours
    try:
        with urllib.request.urlopen(call, timeout=20) as answer:  # noqa: S310
            if token := answer.headers.get("X-Subject-Token"):
                headers["X-Auth-Token"] = token
            return json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        sys.exit(f"{method} {path}: status {error.code}: {error.read()[:300]!r}")


def one(kind: str, wanted: dict[str, Any], **query: str) -> str:
    """Id of the only object with these attributes, made when there is none; its other attributes become as wanted."""
    words = "&".join(f"{key}={value}" for key, value in query.items())
    found = ask("GET", f"/{kind}s?{words}")[f"{kind}s"]
    if not found:
        return ask("POST", f"/{kind}s", {kind: {**query, **wanted}})[kind]["id"]
    if wanted:
        ask("PATCH", f"/{kind}s/{found[0]['id']}", {kind: wanted})
    for surplus in found[1:]:
        ask("DELETE", f"/{kind}s/{surplus['id']}")
    return found[0]["id"]


ask("POST", "/auth/tokens", LOGIN)
project = one("project", {}, name="service", domain_id="default")
roles = [one("role", {}, name=name) for name in ("admin", "service")]
users: dict[str, str] = {}
for service in request["services"]:
    name = service["user"]
    if name not in users:
        users[name] = one("user", {"password": service["password"]}, name=name, domain_id="default")
        for role in roles:
            ask("PUT", f"/projects/{project}/users/{users[name]}/roles/{role}")
    entry = one("service", {"name": service["name"]}, type=service["type"])
    for interface in ("public", "internal", "admin"):
        one(
            "endpoint",
            {"url": service["url"]},
            service_id=entry,
            interface=interface,
            region_id=request["region"],
        )
