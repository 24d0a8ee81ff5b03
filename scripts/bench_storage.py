"""See scripts/bench. Of storage: one row a figure, asked, measured, and the load average when it was taken."""

from __future__ import annotations

import json
import secrets
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench import drilled, lab_file, nines, row, timed
from openstack.config import OpenStackConfig
from openstack.connection import Connection

from fournines import lab
from fournines.cloud import Cloud, load
from fournines.converge.apply import apply
from fournines.converge.deploy import masked, packages, stages
from fournines.converge.events import silent
from fournines.converge.steps import Stage
from fournines.hosts import run
from fournines.hosts.fleet import fleet
from fournines.hosts.nspawn import Nspawn
from fournines.services import _ceph, catalogue
from fournines.state import State

STALLS = (
    ("osd-kill", "2 s"),
    ("storage-host-power-loss", "15 s"),
    ("storage-host-isolate", "15 s"),
    ("mon-leader-kill", "0 s"),
)
MIB = 1 << 20


def alone(whole: Cloud) -> Cloud:
    """The storage hosts with Ceph, without what uses it."""
    hosts = whole.having("storage")
    names = ("ceph", "ceph-mgr", "ceph-osd")
    return replace(whole, hosts=hosts, services={name: whole.services[name] for name in names})


def from_nothing(file: Path) -> None:
    """Hosts are on; from the first file to every placement group active+clean, with the pools of the whole cloud."""
    whole = load(file, catalogue())
    cloud, state = alone(whole), State(whole.name)
    with state.lock("bench"):
        lab.up(cloud, packages(whole), masked(whole), state, silent)
        hosts, vault = fleet(cloud, state), state.vault()
        names = {"images": 1, "volumes": 2, "vms": 2, "backups": 1}
        pools = [_ceph.Pool(name, share=share) for name, share in names.items()]
        made = Stage(
            name="pools",
            after=("ceph-osd",),
            parts=(),
            steps=(_ceph.provide(whole, vault, "bench", pools=pools, users={}),),
        )

        def build() -> None:
            apply((*stages(cloud, vault), made), hosts, silent, state.journal)
            until(lambda: clean(hosts["s1"]))

        row("Ceph from nothing to active+clean", "30 s", f"{timed(build)[0]:.1f} s")


def clean(host: Any) -> bool:
    """Every placement group, of at least one pool of ours."""
    status = json.loads(run(host, ["ceph", "status", "--format", "json"]))["pgmap"]
    states = {each["state_name"]: each["count"] for each in status["pgs_by_state"]}
    return set(states) == {"active+clean"} and status["num_pools"] > 4


def until(holds: Callable[[], bool], bound: float = 120) -> None:
    end = time.monotonic() + bound
    while not holds():
        if time.monotonic() > end:
            raise SystemExit(f"not within {bound:g} s")
        time.sleep(0.1)


def clone(file: Path) -> None:
    """A bootable volume of a 200 MB image."""
    name = load(file, catalogue()).name
    config = OpenStackConfig(config_files=[str(State(name).clouds_yaml)], load_envvars=False)
    sdk: Any = Connection(config=config.get_one(cloud=name))
    with tempfile.NamedTemporaryFile() as raw:
        raw.write(secrets.token_bytes(MIB) * 200)
        raw.flush()
        words = {"disk_format": "raw", "container_format": "bare", "wait": True, "validate_checksum": False}
        image = sdk.image.create_image(name="bench", filename=raw.name, **words)
    for _ in range(3):

        def make() -> None:
            volume = sdk.block_storage.create_volume(size=1, name="bench", image_id=image.id)
            until(lambda: sdk.block_storage.get_volume(volume.id).status == "available")

        row("bootable volume of a 200 MB image", "2 s", f"{timed(make)[0]:.2f} s")
    for volume in sdk.block_storage.volumes(name="bench"):
        sdk.block_storage.delete_volume(volume)
    until(lambda: not list(sdk.block_storage.volumes(name="bench")))
    sdk.image.delete_image(image)


def stall(report: dict[str, Any], probe: str) -> str:
    seen = next(each for each in report["probes"] if each["name"] == probe)["outage"]
    return f"{seen['lower_s']:.2f} - {seen['upper_s']:.2f} s"


def kept(report: dict[str, Any]) -> str:
    lost = next(audit for audit in report["audits"] if audit["name"] == "acknowledged-blocks")
    return f"{lost['verdict']}: {lost['detail'].split(' of ')[0]}"


def main() -> None:
    with lab_file() as file:
        from_nothing(file)
        nines("up", str(file))
        clone(file)
        for drill, asked in STALLS:
            report = drilled(file, drill)
            row(f"{drill}, block writes", asked, stall(report, "block-write"))
            row("  acknowledged blocks", "none lost", kept(report))
        report = drilled(file, "two-storage-hosts")
        row("two-storage-hosts, acknowledged blocks", "none lost", kept(report))
        report = drilled(file, "radosgw-kill")
        row("radosgw-kill, S3 puts", "2 s", stall(report, "s3-put"))
        row("  S3 gets", "2 s", stall(report, "s3-get"))
        hosts = [host for host in fleet(load(file, catalogue()), State("bench")).values() if isinstance(host, Nspawn)]
        used = sum(host.usage().pss_bytes for host in hosts if host.name.startswith("s"))
        row("memory of all storage hosts after drills (PSS)", "1.4 GB", f"{used / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
