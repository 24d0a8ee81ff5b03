"""Gateways of objects on the standing lab, when what they ask is away."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from standing_lab import Standing

from fournines.services.radosgw import UNIT

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(600),
    pytest.mark.skipif(os.geteuid() != 0, reason="a lab needs root: namespaces, mounts and cgroups"),
]

HOST = "s2"
OUTAGES_S = (4, 1, 12, 4, 1, 12)
# A key that nobody has: it must ask Keystone. Nobody but the controllers and the host itself may ask it.
URL = "http://$(hostname):7480/?AWSAccessKeyId=nobody&Expires=4102444800&Signature=none"
LOAD = f"""
for client in $(seq 20); do
    while sleep 0.1; do curl --silent --max-time 20 --output /dev/null "{URL}"; done &
done
sleep {sum(OUTAGES_S) + 2 * len(OUTAGES_S)}
kill $(jobs -p)
"""
_TABLE = "nines_test_radosgw"
_REFUSED = """table ip {table} {{
  chain output {{
    type filter hook output priority -10; policy accept;
    ip daddr {vip} tcp dport 5000 reject with tcp reset
  }}
}}
"""


def test_a_gateway_outlives_a_keystone_that_refuses_it(standing: Standing) -> None:
    """Busy, and asked at least once a second after it: what fails then must not fail for ever."""
    before = standing.main_process(HOST, UNIT)
    refused = _REFUSED.format(table=_TABLE, vip=standing.cloud.vip)
    with ThreadPoolExecutor(1) as background:
        load = background.submit(standing.on, HOST, "bash", "-c", LOAD)
        for seconds in OUTAGES_S:
            time.sleep(1)
            standing.on(HOST, "nft", "-f", "-", stdin=refused)
            try:
                time.sleep(seconds)
            finally:
                standing.on(HOST, "nft", "delete", "table", "ip", _TABLE)
        load.result()
    end = time.monotonic() + 30
    while "InvalidAccessKeyId" not in (said := standing.on(HOST, "sh", "-c", f'curl --silent "{URL}" || true')):
        assert time.monotonic() < end, said
        time.sleep(0.5)
    assert standing.main_process(HOST, UNIT) == before, "it died of it"
    standing.well()
