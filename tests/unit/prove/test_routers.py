"""Where routers are active, as hosts say, and what the audit makes of it."""

from __future__ import annotations

import json

import pytest

from fournines.services.onhost.l3_facts import is_active


@pytest.mark.parametrize(
    ("shown", "active"),
    [
        ('[{"ifname": "lo", "addr_info": [{"family": "inet", "local": "127.0.0.1"}]}]', False),
        ('[{"ifname": "ha-1", "addr_info": [{"family": "inet", "local": "169.254.192.4"}]}]', False),
        ('[{"ifname": "qg-1", "addr_info": [{"family": "inet6", "local": "fe80::1"}]}]', False),
        ('[{"ifname": "qr-1", "addr_info": []}, {"ifname": "qg-1", "addr_info": []}]', False),
        ('[{"ifname": "qg-1", "addr_info": [{"family": "inet", "local": "10.72.3.22"}]}]', True),
        ('[{"ifname": "qr-1", "addr_info": [{"family": "inet", "local": "192.168.172.1"}]}]', True),
    ],
)
def test_a_router_is_active_where_its_addresses_are(shown: str, active: bool) -> None:
    assert is_active(json.loads(shown)) is active
