"""Enters services, their users and endpoints in Keystone; what is there already and right stays as it is.

    openstack_api.py + keystone_catalog.py < {keystone, password, region, services: [{user, password, name, type, url}]}

Passwords are set again each time: a user that exists may have another one.
"""

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


log_in()
project = one("project", {}, name="service", domain_id="default")
roles = [one("role", {}, name=name) for name in ("admin", "service")]
users: dict[str, str] = {}
for service in request["services"]:
    name = service["user"]
    if name not in users:
        users[name] = one("user", {"password": service["password"]}, name=name, domain_id="default")
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
