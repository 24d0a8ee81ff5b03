"""See scripts/bench. Prints one row a figure: asked, measured, and the load average when it was taken."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from fournines.cloud import load
from fournines.converge.deploy import packages
from fournines.converge.events import silent
from fournines.hosts.fleet import fleet
from fournines.hosts.nspawn import Nspawn
from fournines.lab.image import ensure, recipe
from fournines.probes import catalogue as catalogue_of_probes
from fournines.services import catalogue
from fournines.state import State, images_folder

REPOSITORY = Path(__file__).parents[1]
NINES = str(REPOSITORY / ".venv/bin/nines")


def row(figure: str, asked: str, measured: str) -> None:
    print(f"{figure:<44} {asked:>10} {measured:>22} {os.getloadavg()[0]:>6.1f}", flush=True)


def nines(*words: str) -> str:
    done = subprocess.run([NINES, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"nines {' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


@contextlib.contextmanager
def lab_file() -> Generator[Path]:
    """The default lab under a name and subnets of its own. It does not stand before this block, nor after it."""
    text = (REPOSITORY / "clouds/lab.yaml").read_text()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "bench.yaml")
        file.write_text(text.replace("name: lab\n", "name: bench\n").replace("10.71.", "10.76."))
        nines("down", str(file))
        try:
            yield file
        finally:
            nines("down", str(file))


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """(wall, CPU of this machine's child processes) in seconds."""
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - began, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def image(file: Path) -> None:
    """From an empty state folder, on the same file system as the real one."""
    usual = images_folder().parent
    usual.mkdir(parents=True, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="bench-", dir=usual)
    os.environ["NINES_STATE"] = folder
    try:
        wanted = recipe(packages(load(file, catalogue())))
        row("image from nothing", "240 s", f"{timed(lambda: ensure(wanted, silent))[0]:.0f} s")
    finally:
        os.environ["NINES_STATE"] = str(usual)
        shutil.rmtree(folder)


def drilled(file: Path, *words: str) -> dict[str, Any]:
    """The report of a drill: fault, and target if it has one."""
    fault, *target = words
    aim = ("--target", *target) if target else ()
    return json.loads(nines("drill", fault, *aim, "--cloud", str(file), "--json"))


def bad(report: dict[str, Any]) -> int:
    return sum(probe["errors"] for probe in report["probes"])


def power_loss(report: dict[str, Any]) -> None:
    """The worst read and the worst write, and what came when the host returned."""
    wanted = (
        ("fault", "power loss, worst read", "6 s", False),
        ("failback", "  reads at its return", "2 s", False),
        ("fault", "power loss, worst write", "10 s", True),
        ("failback", "  writes at its return", "2 s", True),
    )
    for phase, what, asked, writes in wanted:
        seen = {
            probe["name"]: probe["phases"][phase]["outage"]
            for probe in report["probes"]
            if bool(catalogue_of_probes()[probe["name"]].rows) == writes
        }
        name, outage = max(seen.items(), key=lambda item: item[1]["upper_s"])
        row(f"{what} ({name})", asked, f"{outage['lower_s']:.2f} - {outage['upper_s']:.2f} s")
    lost = next(audit for audit in report["audits"] if audit["name"] == "acknowledged-writes")
    row("  acknowledged writes lost", "0", f"{lost['verdict']}: {lost['detail'].split(' on ')[0]}")


def blackout(file: Path, hosts: list[Nspawn]) -> None:
    """All mains at once; then one command, until every API has made a round trip."""
    for host in hosts:
        host.power_off()
    row("cold start after a blackout", "240 s", f"{timed(lambda: nines('up', str(file)))[0]:.0f} s")


def main() -> None:
    with lab_file() as file:
        print(f"{'figure':<44} {'asked':>10} {'measured':>22} {'load':>6}")
        if "--image" in sys.argv[1:]:
            image(file)
        measure(file)


def measure(file: Path) -> None:
    nines("up", str(file))  # Makes sure of the image.
    nines("down", str(file))
    wall, own = timed(lambda: nines("up", str(file)))
    hosts = [host for host in fleet(load(file, catalogue()), State("bench")).values() if isinstance(host, Nspawn)]
    cpu = own + sum(host.usage().cpu_seconds for host in hosts)
    row("up to the guest's answer, cached image", "300 s", f"{wall:.0f} s")
    row("  wall / (CPU seconds / cores)", "1.3", f"{wall / (cpu / (os.cpu_count() or 1)):.2f} of {cpu:.0f} s")
    second = min(timed(lambda: nines("apply", str(file)))[0] for _ in range(3))
    row("second apply, best of 3", "5 s", f"{second:.2f} s")
    time.sleep(10)
    before = [host.usage().cpu_seconds for host in hosts]
    time.sleep(30)
    after = [host.usage() for host in hosts]
    busiest = max(now.cpu_seconds - was for now, was in zip(after, before, strict=True)) / 30
    row("idle, busiest host, of one core", "-", f"{busiest:.1%}")
    row("memory of the largest controller (PSS)", "2.3 GB", f"{max(now.pss_bytes for now in after) / 1e9:.2f} GB")
    row("memory of all hosts (PSS)", "14 GB", f"{sum(now.pss_bytes for now in after) / 1e9:.1f} GB")
    row("null drill, bad requests", "0", str(bad(drilled(file, "null"))))
    for _ in range(2):
        row("standby of the VIP's holder and back, bad requests", "0", str(bad(drilled(file, "standby", "vip"))))
    for _ in range(3):
        power_loss(drilled(file, "power-loss", "vip"))
    blackout(file, hosts)
    row("down", "-", f"{timed(lambda: nines('down', str(file)))[0]:.1f} s")


if __name__ == "__main__":
    main()
