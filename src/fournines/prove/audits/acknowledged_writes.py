"""Every acknowledged write to the database is on every member of it.

Asked of each member by itself, not through the APIs: these read one member and would hide a loss on another.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from fournines.errors import HostError
from fournines.probes import catalogue
from fournines.prove.audits import Audit, Evidence, Outcome
from fournines.prove.facts import GALERA
from fournines.prove.rows import ids


class AcknowledgedWrites(Audit):
    name = "acknowledged-writes"

    def look(self, evidence: Evidence) -> tuple[Outcome, str]:
        wanted = {name: set(acks) for name, acks in evidence.acknowledged.items() if catalogue()[name].rows}
        count = sum(map(len, wanted.values()))
        probes = [catalogue()[name] for name in wanted]
        members = [host.name for host in evidence.cloud.services[GALERA].hosts]
        lost: list[str] = []
        unseen: list[str] = []

        def ask(name: str) -> dict[str, set[str]] | HostError:
            try:
                return ids(evidence.fleet[name], probes)
            except HostError as error:
                return error

        with ThreadPoolExecutor(len(members)) as pool:
            answers = dict(zip(members, pool.map(ask, members), strict=True))
        for name, answer in answers.items():
            if isinstance(answer, HostError):
                unseen.append(f"{name} ({answer.message.splitlines()[-1][:120]})")
                continue
            for probe in wanted:
                if missing := wanted[probe] - answer[probe]:
                    lost.append(f"{len(missing)} of {probe} on {name}, such as {min(missing)}")
        if lost:
            return "fail", f"of {count} acknowledged writes are lost: {'; '.join(lost)}"
        if unseen:
            return "unknown", f"could not look on {', '.join(unseen)}"
        if idle := [probe for probe in wanted if not wanted[probe]]:
            return "unknown", f"no write of {', '.join(idle)} was acknowledged in this run: nothing to look for"
        if not wanted:
            return "unknown", "no probe wrote in this run: nothing to look for"
        return "ok", f"all {count} of {len(wanted)} probes on each of {', '.join(members)}"
