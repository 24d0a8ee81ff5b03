"""Prints what this Galera member knows, as one JSON object; keys in `fournines.services.galera.Galera`.

Run as root on the host: MariaDB knows root by its socket.
"""

import json
import subprocess

NAMES = {
    "wsrep_cluster_status": "status",
    "wsrep_cluster_state_uuid": "uuid",
    "wsrep_cluster_conf_id": "conf_id",
    "wsrep_cluster_size": "size",
    "wsrep_local_state_comment": "state",
    "wsrep_ready": "ready",
}


def ask(sql: str, *options: str) -> list[list[str]]:
    """Rows of a query through the mariadb client; raises CalledProcessError or TimeoutExpired."""
    done = subprocess.run(
        ["mariadb", *options, "-N", "-B", "--connect-timeout=2"],
        input=sql,
        capture_output=True,
        text=True,
        timeout=4,
        check=True,
    )
    return [line.split("\t") for line in done.stdout.splitlines()]


facts: dict[str, object] = {}
facts.update(dict.fromkeys(NAMES.values()))
facts["writer"] = None
try:
    wanted = ", ".join(f"'{name}'" for name in NAMES)
    for key, value in ask(f"SHOW GLOBAL STATUS WHERE variable_name IN ({wanted})"):
        facts[NAMES[key.lower()]] = int(value) if value.isdigit() else value
    facts["ready"] = facts["ready"] == "ON"
except (subprocess.SubprocessError, OSError) as error:
    facts["error"] = str(error)[:200]
try:
    options = ["--defaults-extra-file=/etc/fournines/galera-client.cnf"]
    facts["writer"] = ask("SELECT @@wsrep_node_name", *options)[0][0]
except (subprocess.SubprocessError, OSError, IndexError):
    pass
print(json.dumps(facts))
