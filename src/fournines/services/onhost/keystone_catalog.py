"""Enters services, their users and endpoints in Keystone; what is there already and right stays as it is.

    openstack_api.py + keystone_catalog.py < {keystone, password, region, services: [{user, password, name, type, url}]}

A password is set only where it is another one: setting it, even to what it was, takes the tokens that the user holds,
and not every service asks for a new one before the old one's end (RADOS Gateway 18).
"""

import json
import sys
import urllib.error
import urllib.request
from typing import Any

from fournines.services.onhost.openstack_api import ask, log_in, request


def one(kind: str, wanted: dict[str, Any], **query: str) -> str:
    """Id of the only object with these attributes, made when there is none; its other attributes become as wanted."""
    words = "&".join(f"{key}={value}" for key, value in query.items())
    url = f"{request['keystone']}/{kind}s"
    found = ask("GET", f"{url}?{words}")[f"{kind}s"]
    if not found:
        return ask("POST", url, {kind: {**query, **wanted}})[kind]["id"]
    if wanted:
        ask("PATCH", f"{url}/{found[0]['id']}", {kind: wanted})
    for surplus in found[1:]:
        ask("DELETE", f"{url}/{surplus['id']}")
    return found[0]["id"]


def logs_in(name: str, password: str) -> bool:
    """Whether there is that user, with that password."""
    user = {"name": name, "domain": {"id": "default"}, "password": password}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}
    url, sent = f"{request['keystone']}/auth/tokens", {"Content-Type": "application/json"}
    try:
        urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), sent), timeout=30).close()  # noqa: S310 - ours
    except urllib.error.HTTPError as error:
        if error.code == 401:
            return False
        sys.exit(f"POST {url}: status {error.code}: {error.read()[:300]!r}")
    except OSError as error:
        sys.exit(f"POST {url}: {error}")
    return True


log_in()
project = one("project", {}, name="service", domain_id="default")
roles = [one("role", {}, name=name) for name in ("admin", "service")]
users: dict[str, str] = {}
for service in request["services"]:
    name = service["user"]
    if name not in users:
        wanted = {} if logs_in(name, service["password"]) else {"password": service["password"]}
        users[name] = one("user", wanted, name=name, domain_id="default")
        for role in roles:
            ask("PUT", f"{request['keystone']}/projects/{project}/users/{users[name]}/roles/{role}")
    entry = one("service", {"name": service["name"]}, type=service["type"])
    for interface in ("public", "internal", "admin"):
        one(
            "endpoint",
            {"url": service["url"]},
            service_id=entry,
            interface=interface,
            region_id=request["region"],
        )
