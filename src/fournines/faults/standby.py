"""Standby: Pacemaker takes all that it keeps from the host, as before maintenance. Heal: the host may have it back.

No injury: no request may fail, neither now nor when the host is taken back.
"""

from __future__ import annotations

from collections.abc import Sequence

from fournines.faults import Fault
from fournines.hosts import Host, run

# Where Pacemaker is not installed nobody is in standby.
_SET = 'command -v crm_attribute > /dev/null || exit 0; crm_attribute --quiet --node "$(crm_node -n)" --name standby'


class Standby(Fault):
    name = "standby"
    letter = "-"

    def inject(self, targets: Sequence[Host]) -> None:
        for host in targets:
            run(host, ["sh", "-ec", f"{_SET} --update on; crm_resource --wait --timeout 60s"], timeout=90)

    def heal(self, targets: Sequence[Host]) -> None:
        for host in targets:
            run(host, ["sh", "-ec", f"{_SET} --delete; crm_resource --wait --timeout 60s"], timeout=90)
