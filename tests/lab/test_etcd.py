"""etcd as its clients have it: through their own host's proxy, while members die."""

from __future__ import annotations

import contextlib
import os
import time

import pytest
from standing_lab import Standing

from fournines.errors import HostError
from fournines.services import etcd
from fournines.services._tls import authority_file

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.geteuid() != 0, reason="a lab needs root: namespaces, mounts and cgroups"),
]


def put(standing: Standing, host: str, value: str, known: bool = True) -> str:
    """Write through 127.0.0.1 of the host, without a second try. Raises HostError."""
    files = (f"--cert={etcd.CLIENT_FILE}", f"--key={etcd.CLIENT_FILE}") if known else ()
    trust = f"--cacert={authority_file(standing.cloud)}"
    url = f"--endpoints=https://127.0.0.1:{etcd.PORT}"
    return standing.on(host, "etcdctl", url, trust, *files, "--command-timeout=5s", "put", "test/key", value)


def leader(standing: Standing) -> str:
    views = standing.views()
    facts = [views[host].services["etcd"].facts or {} for host in ("c1", "c2", "c3") if views[host].reachable]
    (found,) = {str(each["leader"]) for each in facts}
    return found


def served_again(standing: Standing, host: str, bound: float) -> float:
    """Seconds until a write is taken."""
    began = time.monotonic()
    while True:
        with contextlib.suppress(HostError):
            put(standing, host, "again")
            return time.monotonic() - began
        assert time.monotonic() - began < bound, f"no write within {bound:g} s"


def test_without_a_certificate_there_is_no_way_in(standing: Standing) -> None:
    for host in ("c1", "c2", "c3"):
        assert put(standing, host, host).strip() == "OK"
    with pytest.raises(HostError):
        put(standing, "c1", "none", known=False)
    mode = standing.on("c1", "stat", "-c", "%A %U %G", etcd.CLIENT_FILE).split()
    assert mode == ["-rw-r-----", "root", etcd.GROUP]


def test_writes_go_on_when_the_leader_is_killed_and_when_its_host_loses_power(standing: Standing) -> None:
    # An election, and one request that the dead leader took with it.
    bound = 2 * standing.cloud.timers.etcd_election + 5 + 15
    killed = leader(standing)
    client = next(host for host in ("c1", "c2", "c3") if host != killed)
    pid = standing.on(killed, "systemctl", "show", "--value", "-p", "MainPID", "etcd.service").strip()
    standing.on(killed, "kill", "-9", pid)
    served_again(standing, client, bound)
    gone = leader(standing)
    client = next(host for host in ("c1", "c2", "c3") if host != gone)
    standing.power(gone).power_off()
    try:
        served_again(standing, client, bound)
        assert leader(standing) != gone
    finally:
        standing.power(gone).power_on()
