"""What a RADOS Gateway says of itself, as one JSON object; keys in `fournines.services.radosgw.Radosgw`.

radosgw_facts.py SOCKET
"""

import json
import sys
from typing import Any

from fournines.services.onhost.ceph_ask import ask


def facts(counters: dict[str, Any]) -> dict[str, int]:
    own = counters["rgw"]
    return {"requests": own["req"], "failed": own["failed_req"], "active": own["qactive"]}


if __name__ == "__main__":
    print(json.dumps(facts(ask(sys.argv[1], "perf dump"))))
