"""The standing lab's hosts driven as production hosts would be: by SSH and their BMCs alone."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from standing_lab import NUMBER, Standing

from fournines import lab

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(os.geteuid() != 0, reason="a lab needs root: namespaces, mounts and cgroups"),
]


@pytest.fixture
def by_ssh(standing: Standing, tmp_path: Path) -> Path:
    """The same cloud as a production spec: the same name, so the same secrets, and metal's own timers."""
    password = tmp_path / "bmc-password"
    password.write_text(standing.state.vault().password("bmc") + "\n")
    password.chmod(0o600)
    bmc = (
        f"    bmc: {{address: 10.{NUMBER}.0.1, port: '700[1-3]', system: '/redfish/v1/Systems/c[1-3]', "
        f"username: nines, password_file: {password}}}\n"
    )
    return standing.changed(
        tmp_path,
        ("provider: {kind: lab}\n", f"provider: {{kind: ssh, user: root, key: {lab.ssh_key(standing.state)}}}\n"),
        ("disks: {a: {}, b: {}}", "disks: {a: {device: /srv/disks/a}, b: {device: /srv/disks/b}}"),
        ("    roles: [control]\n", "    roles: [control]\n" + bmc),
    )


@pytest.mark.skipif(
    "NINES_ALL_ROLLS" not in os.environ,
    reason="rolls every service twice, one member at a time: not yet timed on the whole control plane",
)
def test_a_change_rolls_through_hosts_driven_by_ssh(standing: Standing, by_ssh: Path):
    """Metal's timers differ from the lab's: so this changes and restarts, one member at a time, and back again."""
    plan = standing.nines("plan", file=by_ssh).stdout
    assert "corosync" in plan
    assert "galera" in plan
    for file in (by_ssh, standing.file):
        standing.nines("apply", file=file)
        settled = standing.nines("plan", "--json", file=file).stdout
        assert '"changes": []' in settled
        standing.well()


def test_power_is_switched_by_the_bmc(standing: Standing, by_ssh: Path):
    from fournines.cloud import load
    from fournines.hosts import Power
    from fournines.hosts.fleet import fleet
    from fournines.services import catalogue

    (holder,) = standing.json("status", exits=(0, 1))["vip"]["holders"]
    victim = next(name for name in ("c1", "c2", "c3") if name != holder)
    host = fleet(load(by_ssh, catalogue()), standing.state)[victim]
    assert isinstance(host, Power)
    host.power_off()
    assert standing.power(victim).power() == "off"
    # The others fence what they miss; only then is it safe to return.
    end = time.monotonic() + 60
    while victim in standing.views()[holder].services["pacemaker"].facts["online"]:  # type: ignore[index]
        assert time.monotonic() < end, "the cluster never noticed"
        time.sleep(0.5)
    host.power_on()
    assert standing.power(victim).power() == "on"
    standing.nines("up")
    standing.well()
