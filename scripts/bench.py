"""See scripts/bench. Prints one row a figure: asked, measured, and the load average when it was taken."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fournines.cloud import load
from fournines.converge.deploy import packages
from fournines.converge.events import silent
from fournines.hosts.fleet import fleet
from fournines.hosts.nspawn import Nspawn
from fournines.lab.image import ensure, recipe
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


def main() -> None:
    text = (REPOSITORY / "clouds/lab.yaml").read_text()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "bench.yaml")
        file.write_text(text.replace("name: lab\n", "name: bench\n").replace("10.71.", "10.76."))
        print(f"{'figure':<44} {'asked':>10} {'measured':>22} {'load':>6}")
        if "--image" in sys.argv[1:]:
            image(file)
        try:
            measure(file)
        finally:
            nines("down", str(file))


def measure(file: Path) -> None:
    nines("down", str(file))
    nines("up", str(file))  # Makes sure of the image.
    nines("down", str(file))
    wall, own = timed(lambda: nines("up", str(file)))
    hosts = [host for host in fleet(load(file, catalogue()), State("bench")).values() if isinstance(host, Nspawn)]
    cpu = own + sum(host.usage().cpu_seconds for host in hosts)
    row("up, cached image", "90 s", f"{wall:.0f} s")
    row("  wall / (CPU seconds / cores)", "-", f"{wall / (cpu / (os.cpu_count() or 1)):.2f} of {cpu:.0f} s")
    second = min(timed(lambda: nines("apply", str(file)))[0] for _ in range(3))
    row("second apply, best of 3", "2 s", f"{second:.2f} s")
    time.sleep(10)
    before = [host.usage().cpu_seconds for host in hosts]
    time.sleep(30)
    after = [host.usage() for host in hosts]
    busiest = max(now.cpu_seconds - was for now, was in zip(after, before, strict=True)) / 30
    row("idle, busiest host, of one core", "10 %", f"{busiest:.1%}")
    row("memory of all hosts (PSS)", "2.5 GB", f"{sum(now.pss_bytes for now in after) / 1e9:.2f} GB")
    null: dict[str, Any] = json.loads(nines("drill", "null", "--cloud", str(file), "--json"))
    row("null drill, bad requests", "0", str(sum(probe["errors"] for probe in null["probes"])))
    for _ in range(3):
        drill: dict[str, Any] = json.loads(
            nines("drill", "power-loss", "--target", "vip", "--cloud", str(file), "--json")
        )
        for probe in drill["probes"]:
            outage = probe["outage"]
            asked = "6 s" if probe["name"] == "token" else "-"
            measured = f"{outage['lower_s']:.2f} - {outage['upper_s']:.2f} s"
            row(f"power loss of {drill['hosts'][0]}: {probe['name']} outage", asked, measured)
        lost = next(audit for audit in drill["audits"] if audit["name"] == "acknowledged-writes")
        row("  acknowledged writes lost", "0", f"{lost['verdict']}: {lost['detail'].split(' on ')[0]}")
    row("down", "-", f"{timed(lambda: nines('down', str(file)))[0]:.1f} s")


if __name__ == "__main__":
    main()
