"""`nines check` and `nines predict` on large clouds: seconds, CPU seconds and memory, each in its own process.

.venv/bin/python scripts/bench_design.py [HOSTS ...]
"""

from __future__ import annotations

import compileall
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY / "tests/unit/predict"))

import large_cloud  # noqa: E402

ASKED = {1_000: 2, 10_000: 20}
"""Hosts -> seconds that checking and predicting may take together."""
ASKED_MB = 1000


def run(*words: str) -> tuple[float, float, float]:
    """(seconds, CPU seconds, MB at most) of one `nines`."""
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [REPOSITORY / ".venv/bin/nines", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 1) or done.stderr:
        sys.exit(f"nines {' '.join(words)}: exit {done.returncode}\n{done.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - began, cpu, after.ru_maxrss / 1024


def main() -> None:
    # As `scripts/bootstrap` leaves it; Python may have been told not to write byte code.
    compileall.compile_dir(REPOSITORY / "src", quiet=1)
    print(f"{'figure':<34} {'asked':>8} {'seconds':>9} {'CPU':>8} {'MB':>7} {'load':>6}")
    for hosts in [int(word) for word in sys.argv[1:]] or ASKED:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "large.yaml")
            file.write_text(large_cloud.text(hosts))
            total = most = 0.0
            for verb in ("check", "predict"):
                seconds, cpu, megabytes = run(verb, str(file), "--json")
                total, most = total + seconds, max(most, megabytes)
                print(
                    f"{f'{verb}, {hosts} hosts':<34} {'':>8} {seconds:>9.2f} {cpu:>8.2f} {megabytes:>7.0f} {_load():>6}"
                )
            asked = f"{ASKED[hosts]} s" if hosts in ASKED else ""
            print(f"{f'both, {hosts} hosts':<34} {asked:>8} {total:>9.2f} {'':>8} {'':>7} {_load():>6}")
            memory = f"{ASKED_MB} MB"
            print(f"{'  memory at most':<34} {memory:>8} {'':>9} {'':>8} {most:>7.0f} {_load():>6}", flush=True)


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    main()
