"""Makes Masakari's failover segment, with the compute hosts that Nova knows so far, and no others.

    openstack_api.py + masakari_segment.py < {keystone, password, nova, masakari, segment, hosts: [...]}

A host may be in one segment only: where an operator has put it into another one, Masakari says so. Segments of other
names are not ours.
"""

from fournines.services.onhost.openstack_api import ask, log_in, request

log_in()
masakari = request["masakari"]
wanted = {"name": request["segment"], "recovery_method": "auto"}
found = [each for each in ask("GET", f"{masakari}/segments")["segments"] if each["name"] == wanted["name"]]
if not found:
    segment = ask("POST", f"{masakari}/segments", {"segment": {**wanted, "service_type": "compute"}})["segment"]
elif found[0]["recovery_method"] != wanted["recovery_method"]:
    segment = ask("PUT", f"{masakari}/segments/{found[0]['uuid']}", {"segment": wanted})["segment"]
else:
    segment = found[0]
url = f"{masakari}/segments/{segment['uuid']}/hosts"
there = {each["name"]: each for each in ask("GET", url)["hosts"]}
services = ask("GET", f"{request['nova']}/os-services?binary=nova-compute")["services"]
known = {service["host"] for service in services}
for name in sorted(there.keys() - {*request["hosts"]}):
    ask("DELETE", f"{url}/{there[name]['uuid']}")
for name in sorted(known.intersection(request["hosts"]) - there.keys()):
    # Neither `type` nor `control_attributes` is read by anything; both must be there.
    ask("POST", url, {"host": {"name": name, "type": "COMPUTE", "control_attributes": "-"}})
