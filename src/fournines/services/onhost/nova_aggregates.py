"""Makes host aggregates as the spec's racks are, each with its availability zone, of the compute hosts known so far.

    openstack_api.py + nova_aggregates.py < {keystone, password, nova, racks: {rack: {zone, hosts: [...]}}}

`zone` is null for Nova's default zone.

Aggregates of other names are not ours.
"""

from fournines.services.onhost.openstack_api import ask, log_in, request

log_in()
nova = request["nova"]
there = {each["name"]: each for each in ask("GET", f"{nova}/os-aggregates")["aggregates"]}
services = ask("GET", f"{nova}/os-services?binary=nova-compute")["services"]
known = {service["host"] for service in services}
for rack, wanted in request["racks"].items():
    found = there.get(rack) or ask("POST", f"{nova}/os-aggregates", {"aggregate": {"name": rack}})["aggregate"]
    action = f"{nova}/os-aggregates/{found['id']}/action"
    hosts = set(found.get("hosts", []))
    for host in sorted(hosts - set(wanted["hosts"])):
        ask("POST", action, {"remove_host": {"host": host}})
    if found.get("availability_zone") != wanted["zone"]:
        ask("POST", action, {"set_metadata": {"metadata": {"availability_zone": wanted["zone"]}}})
    for host in sorted(known.intersection(wanted["hosts"]) - hosts):
        ask("POST", action, {"add_host": {"host": host}})
