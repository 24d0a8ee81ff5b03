"""Every acknowledged write is on every database member.

Asked of each member by itself, not through the API: the API reads one member and would hide a loss on another.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from fournines import hosts
from fournines.errors import HostError
from fournines.prove.audits import Audit, Evidence, Outcome
from fournines.prove.facts import GALERA

# wsrep_sync_wait: the member answers after it has applied what the cluster had committed when we asked.
_SQL = "SET SESSION wsrep_sync_wait = 1; SELECT id FROM keystone.credential WHERE type = 'fournines-probe';\n"


class AcknowledgedWrites(Audit):
    name = "acknowledged-writes"

    def look(self, evidence: Evidence) -> tuple[Outcome, str]:
        wanted = set(evidence.acknowledged)
        members = [host.name for host in evidence.cloud.services[GALERA].hosts]
        lost: list[str] = []
        unseen: list[str] = []

        def ids(name: str) -> set[str] | HostError:
            try:
                command = ["mariadb", "-N", "-B", "--connect-timeout=5"]
                return set(hosts.run(evidence.fleet[name], command, stdin=_SQL, timeout=30).split())
            except HostError as error:
                return error

        with ThreadPoolExecutor(len(members)) as pool:
            answers = dict(zip(members, pool.map(ids, members), strict=True))
        for name, answer in answers.items():
            if isinstance(answer, HostError):
                unseen.append(f"{name} ({answer.message.splitlines()[-1][:120]})")
            elif missing := wanted - answer:
                lost.append(f"{len(missing)} on {name}, such as {min(missing)}")
        if lost:
            return "fail", f"of {len(wanted)} acknowledged writes are lost: {'; '.join(lost)}"
        if unseen:
            return "unknown", f"could not look on {', '.join(unseen)}"
        if not wanted:
            return "unknown", "no write was acknowledged in this run: nothing to look for"
        return "ok", f"all {len(wanted)} on each of {', '.join(members)}"
