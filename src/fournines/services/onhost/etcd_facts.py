"""Prints what this etcd member knows, as one JSON object; keys in `fournines.services.etcd.Etcd`.

etcd_facts.py URL AUTHORITY CERTIFICATE
"""

import json
import ssl
import sys
import urllib.request
from typing import Any

url, authority, certificate = sys.argv[1:]
context = ssl.create_default_context(cafile=authority)
context.load_cert_chain(certificate)
client = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))


def ask(what: str) -> dict[str, Any]:
    """What the member at hand answers by itself, without its peers."""
    with client.open(f"{url}/v3/{what}", b"{}", timeout=2) as answer:
        return json.load(answer)


facts: dict[str, object] = {"members": [], "leader": None, "term": None, "megabytes": None, "errors": []}
try:
    names = {each["ID"]: each.get("name", "") for each in ask("cluster/member/list")["members"]}
    status = ask("maintenance/status")
    facts["members"] = sorted(names.values())
    facts["leader"] = names.get(status.get("leader", "0"))
    facts["term"] = int(status.get("raftTerm", 0))
    facts["megabytes"] = round(int(status.get("dbSize", 0)) / 2**20, 1)
    facts["errors"] = status.get("errors", [])
except (OSError, ValueError, KeyError) as error:
    facts["errors"] = [str(error)[:200]]
print(json.dumps(facts))
