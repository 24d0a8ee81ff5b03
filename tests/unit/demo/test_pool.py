"""The longest run of addresses that nobody has."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.demo.pool import free_range

NETWORK = IPv4Network("10.72.3.0/28")
HOSTS = tuple(NETWORK.hosts())


def test_it_lies_between_the_hosts_and_the_end() -> None:
    taken = [IPv4Address(f"10.72.3.{last}") for last in (1, 3, 4)]
    assert free_range(NETWORK, taken) == (IPv4Address("10.72.3.5"), IPv4Address("10.72.3.14"))


@given(st.sets(st.sampled_from([*HOSTS, NETWORK.network_address, NETWORK.broadcast_address, IPv4Address("192.0.2.1")])))
def test_it_is_free_and_no_run_is_longer(taken: set[IPv4Address]) -> None:
    free = [each not in taken for each in HOSTS]
    if not any(free):
        with pytest.raises(ValueError, match=r"no address of 10\.72\.3\.0/28 is free"):
            free_range(NETWORK, taken)
        return
    first, last = free_range(NETWORK, taken)
    assert first in HOSTS
    assert last in HOSTS
    assert all(each not in taken for each in HOSTS if first <= each <= last)
    longest = max(len(run) for run in "".join("x" if each else " " for each in free).split())
    assert int(last) - int(first) + 1 == longest
