"""What daemons said during a drill: `logs/HOST-SERVICE.log`, from the journals of the hosts, a bounded part of each.

A unit that is no service's log is named by itself, so nothing is left out for not being known. Times are the host's, in
UTC. `HOST-cut.log`: there was more. `HOST-unread.log`: why there is none.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from fournines.cloud.model import Cloud
from fournines.errors import HostError
from fournines.hosts import Fleet, Host, run
from fournines.services import catalogue
from fournines.state import write_private

LIMIT = 2_000_000
"""Bytes of text that are kept of one host."""
_RAW = 4
"""So many bytes of JSON may be read for each of them: every line comes with a dozen fields that nobody asked for."""
_FIELDS = "MESSAGE,UNIT,_SYSTEMD_UNIT,SYSLOG_IDENTIFIER,_PID"
_READ = f"""
journalctl --quiet --no-pager --output=json --output-fields={_FIELDS} --since="@$1" --until="@$2" | head -c "$3"
"""
_TIMEOUT_S = 60


def keep(
    cloud: Cloud, fleet: Fleet, hosts: Collection[str], since: float, until: float, folder: Path, limit: int = LIMIT
) -> None:
    """Write what these hosts said between two times (seconds since 1970) into the folder. Never raises HostError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with ThreadPoolExecutor(max(1, len(hosts))) as pool:
        done = [pool.submit(_keep, cloud, fleet[name], since, until, folder, limit) for name in hosts]
    for each in done:
        each.result()


def _keep(cloud: Cloud, host: Host, since: float, until: float, folder: Path, limit: int) -> None:
    window = [str(math.floor(since)), str(math.ceil(until)), str(_RAW * limit)]
    try:
        raw = run(host, ["sh", "-c", _READ, "nines", *window], timeout=_TIMEOUT_S)
    except HostError as error:
        write_private(folder / f"{host.name}-unread.log", f"{error.message}\n")
        return
    services = _services(cloud, host.name)
    texts: dict[str, list[str]] = {}
    left = limit
    cut = len(raw.encode()) >= _RAW * limit
    for entry in _entries(raw):
        line = _line(entry)
        left -= len(line.encode())
        if left < 0:
            cut = True
            break
        unit = str(entry.get("UNIT") or entry.get("_SYSTEMD_UNIT") or entry.get("SYSLOG_IDENTIFIER") or "other")
        texts.setdefault(services.get(unit) or _file_name(unit), []).append(line)
    for service, lines in texts.items():
        write_private(folder / f"{host.name}-{service}.log", "".join(lines))
    if cut:
        write_private(folder / f"{host.name}-cut.log", f"only the first {limit} bytes of the window are kept\n")


def _entries(raw: str) -> Iterator[Mapping[str, Any]]:
    """Those that came whole: the last one may have been cut."""
    for line in raw.split("\n"):
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        yield entry


def _line(entry: Mapping[str, Any]) -> str:
    at = dt.datetime.fromtimestamp(int(entry["__REALTIME_TIMESTAMP"]) / 1e6, dt.UTC)
    message: str | list[int] | None = entry.get("MESSAGE")
    # What is no text comes as a list of bytes, what is too large as nothing.
    text = bytes(message).decode(errors="replace") if isinstance(message, list) else message or ""
    who = f"{entry.get('SYSLOG_IDENTIFIER', '?')}[{entry.get('_PID', '?')}]"
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}Z {who}: {text}\n"


def _services(cloud: Cloud, host: str) -> dict[str, str]:
    """Unit -> the service whose log it is there."""
    here = [placed.name for placed in cloud.services.values() if any(one.name == host for one in placed.hosts)]
    known = catalogue()
    return {unit: name for name in here if name in known for unit in known[name].log_units}


def _file_name(unit: str) -> str:
    stem = re.sub(r"\.(service|scope|socket|timer|mount|slice|target)$", "", unit)
    return re.sub(r"[^A-Za-z0-9@._-]", "_", stem)[:80] or "other"
