"""Prints this node's view of the Pacemaker cluster as one JSON object.

    pacemaker_facts.py VIP

Keys in `fournines.services.pacemaker.Pacemaker`. Exits 1, after
printing, when this node is not an online member of a quorate partition that has a DC.
"""

import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

addresses = json.loads(subprocess.run(["ip", "-j", "-4", "addr"], capture_output=True, text=True, check=True).stdout)
# Every controller has the VIP on its loopback.
local = {entry["local"] for link in addresses if link["ifname"] != "lo" for entry in link["addr_info"]}
facts: dict[str, object] = {"vip": sys.argv[1] in local, "quorate": False, "online": [], "unclean": [], "dc": None}
facts["standby"] = []
done = subprocess.run(
    ["crm_mon", "--one-shot", "--output-as=xml"], capture_output=True, text=True, timeout=8, check=False
)
good = False
if done.returncode == 0:
    status = ElementTree.fromstring(done.stdout)  # noqa: S314 - Pacemaker's own output
    dc = status.find("./summary/current_dc")
    if dc is not None and dc.get("present") == "true":
        facts["dc"] = dc.get("name")
        facts["quorate"] = dc.get("with_quorum") == "true"
    nodes = list(status.iterfind("./nodes/node"))
    facts["online"] = sorted(n.get("name") or "" for n in nodes if n.get("online") == "true")
    facts["unclean"] = sorted(n.get("name") or "" for n in nodes if n.get("unclean") == "true")
    facts["standby"] = sorted(n.get("name") or "" for n in nodes if n.get("standby") == "true")
    myself = subprocess.run(["crm_node", "-n"], capture_output=True, text=True, check=False).stdout.strip()
    good = bool(facts["quorate"]) and myself in facts["online"]  # type: ignore[operator]
else:
    facts["error"] = (done.stderr or done.stdout).strip()[-200:]
print(json.dumps(facts))
sys.exit(0 if good else 1)
